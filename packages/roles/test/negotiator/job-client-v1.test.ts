import { hex } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { filled } from '../_fixtures.ts'
import { JobClientWorld, OWN_SCRIPT, ScriptedPair, TRANSACTIONS, working } from '../_job-client.ts'
import { Sv1Miner } from '../_sv1-miner.ts'
import { Sv1Peer } from '../_sv1-peer.ts'
import { TestMiner } from '../_test-miner.ts'

/** A V1 miner at a door of the client. */
function v1Miner({ link }: JobClientWorld): Sv1Miner {
  const peer = link.attach(
    { port: { kind: 'v1', index: 0 }, capabilities: current.capabilities },
    (session) => {
      return new Sv1Peer(session, (event) => link.deliver(event as never))
    },
  )
  return new Sv1Miner(peer)
}

/** V1 miners are told whole powers of two. */
const V1 = { miners: { difficultySteps: 1 } } as const

describe('a V1 miner inside of the negotiator client', () => {
  test('mines jobs of own templates, and its shares go to the pool', () => {
    const { world, pair } = working({}, V1)
    const miner = v1Miner(world).login()
    expect(miner.extranonce2Size).toBe(8)
    expect(miner.mine()).toBe(true)
    pair.agree()
    const jobId = pair.acknowledge()
    expect(pair.shares).toMatchObject([{ jobId }])
    expect(miner.mine()).toBe(true)
    expect(pair.shares).toHaveLength(2)
  })

  test('is told the transactions of a job that the pool was asked to agree to, once', () => {
    const { world, pair } = working({}, V1)
    const miner = v1Miner(world).login()
    pair.agree()
    pair.acknowledge()
    const { jobId } = miner.job
    const { result } = miner.peer.request('mining.get_transactions', jobId)
    expect(result).toEqual(TRANSACTIONS.map(hex))
    const error = (id: string): unknown => miner.peer.request('mining.get_transactions', id).error
    expect(error(jobId)).toEqual([20, 'Told before', null])
    expect(error('ffff')).toEqual([21, 'Job not found', null])
  })

  test('shares the jobs with devices of Stratum V2', () => {
    const { world, pair } = working({}, V1)
    const miner = v1Miner(world).login()
    const device = new TestMiner(world.link as never, draft)
    device.peer.send(device.find(device.open('standard')))
    miner.mine()
    pair.agree()
    pair.acknowledge()
    expect(pair.shares).toHaveLength(2)
  })

  test('keeps its extranonce when the pool is left, and works for ourselves at once', () => {
    const { world, pair } = working({}, V1)
    const miner = v1Miner(world).login()
    pair.agree()
    pair.acknowledge()
    const { extranonce1 } = miner
    pair.pool.disconnect()
    expect(miner.job.coinbase2).toContain(hex(OWN_SCRIPT))
    expect(miner.job.clean).toBe(true)
    expect(miner.peer.all('mining.set_extranonce')).toEqual([])
    expect(miner.extranonce1).toBe(extranonce1)
    expect(miner.mine()).toBe(true)
    expect(miner.peer.closed).toBeUndefined()
  })

  test('is told of a new tip as a clean job, and of a better template as one that is not', () => {
    const { world, pair } = working({}, V1)
    const miner = v1Miner(world).login()
    world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
    expect(miner.job).toMatchObject({ clean: true, prevHash: filled(0xbb) })
    pair.agree()
    pair.acknowledge()
    world.update(3n, { coinbaseTxValueRemaining: 400_000_000n })
    expect(miner.job).toMatchObject({ clean: false, prevHash: filled(0xbb) })
  })

  test('waits for the first work without being closed', () => {
    const world = new JobClientWorld(V1)
    const miner = v1Miner(world)
    miner.login()
    expect(miner.jobs).toEqual([])
    world.provide()
    const pair = new ScriptedPair(world)
    pair.open()
    world.answerTemplates()
    expect(miner.mine()).toBe(true)
  })
})
