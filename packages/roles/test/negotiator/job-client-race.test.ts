import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { portName } from '@sv2/roles/ground'
import { describe, expect, test } from 'vitest'
import { filled } from '../_fixtures.ts'
import { JobClientWorld, moves, ScriptedPair, secondPool, twoPools, working } from '../_job-client.ts'
import { TestMiner } from '../_test-miner.ts'

describe('a race of chain tips', () => {
  test('is no reason to leave: the job is proposed again until the server has seen the tip', () => {
    const { world, first } = twoPools()
    world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
    moves(world)
    for (let second = 0; second < 20; second++) {
      const before = first.proposal
      first.disagree('stale-chain-tip')
      first.giveTokens()
      world.link.advance(2_000)
      expect(first.proposal).not.toBe(before)
      if (second >= 12) break
    }
    first.agree()
    first.acknowledge()
    expect(moves(world)).toEqual([])
  })

  test('ends with the pool being left when it lasts', () => {
    const { world, first } = twoPools()
    world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
    moves(world)
    for (let second = 0; second < 40; second++) {
      first.disagree('stale-chain-tip')
      first.giveTokens()
      world.link.advance(1_000)
    }
    expect(moves(world)).toMatchObject([['solo', expect.stringContaining('chain tip')]])
  })

  test('that our own node lost is over with its next tip', () => {
    const { world, first } = twoPools()
    world.update(2n)
    world.answerTemplates()
    moves(world)
    first.disagree('stale-chain-tip')
    world.link.advance(10_000)
    first.giveTokens()
    world.tip({ templateId: 3n }, { prevHash: filled(0xcc) })
    first.agree()
    first.acknowledge()
    world.link.advance(60_000)
    expect(moves(world)).toEqual([])
  })

  test.each([
    ['ERR-04 (current)', current],
    ['ERR-01 (draft)', draft],
  ] as const)('%s: any code is patiently heard for a while after a new tip', (_, edition: Edition) => {
    const { world, pair } = working({ edition, asyncMining: false })
    world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
    moves(world)
    pair.disagree('unheard-of')
    expect(moves(world)).toEqual([])
    world.link.advance(61_000)
    pair.giveTokens()
    world.update(3n)
    world.answerTemplates()
    pair.disagree('unheard-of')
    expect(moves(world)).toMatchObject([['solo', expect.anything()]])
  })

  test('lets miners work on the job before, where that is of the same tip', () => {
    const { world, first } = twoPools()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    world.update(2n)
    world.answerTemplates()
    first.disagree('stale-chain-tip')
    miner.peer.send(miner.find(channel))
    expect(first.shares).toHaveLength(1)
  })
})

describe('the preferred pool', () => {
  test('is worked for again when it has been well for a while', () => {
    const { world, first } = twoPools()
    first.pool.disconnect()
    const next = secondPool(world)
    next.agree()
    next.acknowledge()
    const again = new ScriptedPair(world, { place: 0 })
    again.open()
    world.answerTemplates()
    moves(world)
    world.link.advance(29_000)
    expect(moves(world)).toEqual([])
    again.giveTokens()
    world.link.advance(2_000)
    expect(moves(world)).toMatchObject([['pool 0', 'pool 0 is well']])
  })

  test('that was barred is dialed again, later each time', () => {
    const world = new JobClientWorld()
    world.provide()
    const waits: number[] = []
    for (let turn = 0; turn < 4; turn++) {
      const pair = new ScriptedPair(world)
      pair.open()
      world.answerTemplates()
      world.link.takeFacts()
      pair.disagree('invalid-job')
      let waited = 0
      while (world.told('dial').length === 0) {
        world.link.advance(1_000)
        waited++
      }
      waits.push(waited)
    }
    expect(waits).toEqual([5, 10, 20, 40])
  })
})

/** All connections of two pairs, in the order in which they are dialed. */
const FIRST_TWO_PAIRS = ['pool 0', 'negotiator 0', 'pool 1', 'negotiator 1']

describe('a pair that stays silent', () => {
  test.each([
    ['a server that never answers the setup', 1],
    ['a pool that never answers the setup', 0],
  ])('%s is left for the next pair', (_, half) => {
    const world = new JobClientWorld({ pairs: 2 })
    world.provide()
    const silent = world.link.connect({
      port: { kind: half === 0 ? 'pool' : 'negotiator', index: 0 },
      edition: current,
      protocol: half === 0 ? 'mining' : 'negotiation',
      plays: 'server',
    })
    world.link.advance(31_000)
    expect(silent.closed).toBeDefined()
    expect(world.told('dial').map(({ upstream }) => portName(upstream))).toEqual(FIRST_TWO_PAIRS)
    expect(world.client.nextDeadline()).toBeGreaterThan(world.link.now)
  })

  test('a half that cannot be reached keeps nobody busy, and nobody from the next pair', () => {
    const world = new JobClientWorld({ pairs: 2 })
    world.provide()
    const server = world.link.connect({
      port: { kind: 'negotiator', index: 0 },
      edition: current,
      protocol: 'negotiation',
      plays: 'server',
    })
    server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
    world.link.tell({ kind: 'unreachable', upstream: { kind: 'pool', index: 0 } })
    world.link.advance(31_000)
    expect(server.closed).toBeUndefined()
    expect(world.client.nextDeadline()).toBeGreaterThan(world.link.now)
    expect(world.told('dial').map(({ upstream }) => portName(upstream))).toEqual(FIRST_TWO_PAIRS)
  })
})
