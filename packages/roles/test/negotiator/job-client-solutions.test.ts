import { current } from '@sv2/messages/current'
import { expect, test } from 'vitest'
import { NBITS_EASY } from '../_fixtures.ts'
import { JobClientWorld, ScriptedPair, working } from '../_job-client.ts'
import { TestMiner } from '../_test-miner.ts'

/** The hash of a block where the network is as easy as here. */
const isBlock = (hash: Uint8Array): boolean => hash[31]! < 0x7f

/** A miner with a channel, which finds blocks. */
function aMiner({ link }: JobClientWorld) {
  const miner = new TestMiner(link as never, current)
  const channel = miner.open('extended')
  return () => miner.peer.send(miner.find(channel, { hash: isBlock }))
}

/** What the server is told of jobs and blocks. */
function told(pair: ScriptedPair): string[] {
  const types = pair.takeServer().map(({ type }) => type)
  return types.filter((type) => type === 'DeclareMiningJob' || type === 'PushSolution')
}

test('a block of a job that the server was not told of yet is told with the job', () => {
  const world = new JobClientWorld()
  world.provide(current, { nbits: NBITS_EASY })
  const pair = new ScriptedPair(world)
  pair.open()
  const find = aMiner(world)
  for (let n = 0; n < 6; n++) find()
  expect(told(pair)).toEqual([])
  // the transactions come, and the job is declared; the template provider was told of all blocks at once
  expect(world.answerTemplates()).toHaveLength(6)
  expect(told(pair)).toEqual(['DeclareMiningJob', ...Array.from({ length: 4 }, () => 'PushSolution')])
  // the server keeps no more until it has checked the job
  find()
  expect(told(pair)).toEqual([])
  pair.agree()
  find()
  expect(told(pair)).toEqual(['PushSolution'])
})

test('a block of a job that the server has refused is told when the job is declared again', () => {
  const { world, pair } = working({}, {}, { nbits: NBITS_EASY })
  const find = aMiner(world)
  pair.disagree('stale-chain-tip')
  told(pair)
  find()
  expect(world.answerTemplates()).toMatchObject([{ type: 'SubmitSolution' }])
  expect(told(pair)).toEqual([])
  world.link.advance(1_000)
  pair.giveTokens()
  expect(pair.serverLog.map(({ type }) => type).filter((type) => type === 'PushSolution')).toHaveLength(1)
})
