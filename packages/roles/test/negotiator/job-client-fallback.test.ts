import { hex } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { filled } from '../_fixtures.ts'
import {
  JobClientWorld,
  moves,
  OWN_SCRIPT,
  ScriptedPair,
  secondPool,
  twoPools,
  working,
} from '../_job-client.ts'
import { TestMiner } from '../_test-miner.ts'

const TRIGGERS: readonly (readonly [string, (pair: ScriptedPair, world: JobClientWorld) => void])[] = [
  ['the pool is gone', (pair) => pair.pool.disconnect()],
  [
    'a declaration is refused',
    (pair, world) => {
      world.update(2n)
      world.answerTemplates()
      pair.disagree('invalid-job')
    },
  ],
  [
    'a custom job is refused',
    (pair, world) => {
      world.update(2n)
      world.answerTemplates()
      pair.agree()
      pair.refuse('invalid-coinbase-tx')
    },
  ],
  [
    'a custom job is not answered',
    (pair, world) => {
      world.update(2n)
      world.answerTemplates()
      pair.agree()
      world.link.advance(17_000)
    },
  ],
  [
    'a declaration is not answered',
    (_, world) => {
      world.update(2n)
      world.answerTemplates()
      world.link.advance(32_000)
    },
  ],
  [
    'no token comes in time',
    (_, world) => {
      // two were in stock; the third job finds none
      world.link.advance(61_000)
      world.update(2n)
      world.link.advance(12_000)
    },
  ],
  [
    'the channel is closed',
    (pair) => pair.pool.send({ type: 'CloseChannel', channelId: 7, reasonCode: 'no-reason' }),
  ],
  [
    'its server sends a token without outputs',
    (pair, world) => {
      world.link.advance(61_000)
      const asked = pair.takeServer().find(({ type }) => type === 'AllocateMiningJobToken')
      pair.server.send({
        type: 'AllocateMiningJobToken.Success',
        requestId: asked?.type === 'AllocateMiningJobToken' ? asked.requestId : 0,
        miningJobToken: filled(1, 8),
        coinbaseTxOutputs: Uint8Array.of(0),
      })
    },
  ],
]

describe('another pool is worked for when', () => {
  test.each(TRIGGERS)('JDC-10, DEV-28 (current): %s', (_, trigger) => {
    const { world, first } = twoPools()
    expect(moves(world)).toMatchObject([['pool 0', expect.anything()]])
    trigger(first, world)
    expect(moves(world)).toMatchObject([['solo', expect.stringContaining('pool 0')]])
    const next = secondPool(world)
    expect(moves(world)).toMatchObject([['pool 1', expect.anything()]])
    expect(next.proposal).toBeDefined()
  })

  test.each(TRIGGERS.slice(0, 1).concat(TRIGGERS.slice(4, 7)))('JNC-09 (draft): %s', (_, trigger) => {
    const world = new JobClientWorld({ pairs: 2 })
    world.provide(draft)
    const first = new ScriptedPair(world, { edition: draft })
    first.open()
    world.answerTemplates()
    moves(world)
    trigger(first, world)
    expect(moves(world)).toMatchObject([['solo', expect.stringContaining('pool 0')]])
    const next = new ScriptedPair(world, { place: 1, edition: draft })
    next.open()
    expect(moves(world)).toMatchObject([['pool 1', expect.anything()]])
  })
})

describe('miners', () => {
  const suffixOf = (miner: TestMiner, channel: ReturnType<TestMiner['open']>): string => {
    const job = miner.job(channel)
    return job.type === 'NewExtendedMiningJob' ? hex(job.coinbaseTxSuffix) : ''
  }

  test.each(TRIGGERS)('go on at once, for ourselves, when %s', (_, trigger) => {
    const { world, first } = twoPools()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    expect(suffixOf(miner, channel)).not.toContain(hex(OWN_SCRIPT))
    trigger(first, world)
    expect(suffixOf(miner, channel)).toContain(hex(OWN_SCRIPT))
    miner.peer.send(miner.find(channel))
    world.link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(1)
    expect(miner.peer.closed).toBeUndefined()
  })

  test('are told of shares that a pool took along', () => {
    const { world, first } = twoPools()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    miner.peer.send(miner.find(channel, { sequenceNumber: 1 }))
    world.update(2n)
    world.answerTemplates()
    miner.peer.send(miner.find(channel, { sequenceNumber: 2 }))
    first.pool.disconnect()
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ sequenceNumber: 2 }, { sequenceNumber: 1 }])
  })

  test('go on with an agreed job when only the server is gone, and the next job waits for it', () => {
    const { world, first } = twoPools()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    first.server.disconnect()
    miner.peer.send(miner.find(channel))
    expect(first.shares).toHaveLength(1)
    world.update(2n)
    world.link.advance(5_000)
    first.connectServer()
    first.giveTokens()
    world.answerTemplates()
    expect(first.declared).toBeDefined()
    first.agree()
    first.acknowledge()
    moves(world)
    world.link.advance(30_000)
    expect(moves(world)).toEqual([])
  })
})

describe('a server that is gone', () => {
  test('JDC-10 (current): costs its pool the miners as soon as a job wants a token for too long', () => {
    const { world, first } = twoPools()
    first.server.disconnect()
    moves(world)
    world.link.advance(60_000)
    expect(moves(world)).toEqual([])
    world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
    world.link.advance(9_000)
    expect(moves(world)).toEqual([])
    world.link.advance(3_000)
    expect(moves(world)).toMatchObject([['solo', expect.stringContaining('no token in time')]])
  })

  test('JNC-09 (draft): costs its pool the miners when it had not agreed to anything yet', () => {
    const { world, pair } = working({ edition: draft, asyncMining: false })
    pair.server.disconnect()
    moves(world)
    world.link.advance(13_000)
    expect(moves(world)).toMatchObject([['solo', expect.stringContaining('no token in time')]])
  })
})

test('a pool may still take a job that its server had agreed to before it went', () => {
  const { world, pair } = working()
  pair.agree()
  pair.server.disconnect()
  const miner = new TestMiner(world.link as never, current)
  miner.peer.send(miner.find(miner.open('standard')))
  const jobId = pair.acknowledge()
  expect(pair.shares).toMatchObject([{ jobId }])
})

test('each pool and its server hear the identity that is configured for them', () => {
  const { world, first } = twoPools()
  first.pool.disconnect()
  const next = secondPool(world)
  const identities = (pair: ScriptedPair) =>
    [...pair.poolLog, ...pair.serverLog].flatMap((message) => {
      if (message.type === 'OpenExtendedMiningChannel') return message.userIdentity
      return message.type === 'AllocateMiningJobToken' ? message.userIdentifier : []
    })
  expect(new Set(identities(first))).toEqual(new Set(['farm.0']))
  expect(new Set(identities(next))).toEqual(new Set(['farm.1']))
})

describe('a pool that lies', () => {
  /** Agrees to jobs, and refuses the shares of them. */
  function refuseShares(pair: ScriptedPair, count: number, miner: TestMiner): void {
    const channel = miner.open('extended')
    for (let n = 0; n < count; n++) {
      miner.peer.send(miner.find(channel))
      const { sequenceNumber } = pair.shares.at(-1)!
      pair.pool.send({ type: 'SubmitShares.Error', channelId: 7, sequenceNumber, errorCode: 'unheard-of' })
    }
  }

  test('JDC-10 (current): is left when it agreed to a job on the same tip meanwhile', () => {
    const { world, first } = twoPools()
    const miner = new TestMiner(world.link as never, current)
    refuseShares(first, 4, miner)
    world.update(2n)
    world.answerTemplates()
    first.agree()
    first.acknowledge()
    moves(world)
    refuseShares(first, 1, miner)
    expect(moves(world)).toMatchObject([['solo', expect.stringContaining('refused 5 valid shares')]])
  })

  test('is left when it goes on for longer than a race of tips takes', () => {
    const { world, first } = twoPools()
    const miner = new TestMiner(world.link as never, current)
    refuseShares(first, 6, miner)
    moves(world)
    world.link.advance(31_000)
    refuseShares(first, 1, miner)
    expect(moves(world)).toMatchObject([['solo', expect.anything()]])
  })

  test('is not left for shares of the tip before', () => {
    const { world, first } = twoPools()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    const shares = Array.from({ length: 6 }, () => miner.find(channel))
    for (const share of shares) miner.peer.send(share)
    world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
    first.agree()
    first.acknowledge()
    moves(world)
    world.link.advance(31_000)
    for (const { sequenceNumber } of first.shares)
      first.pool.send({ type: 'SubmitShares.Error', channelId: 7, sequenceNumber, errorCode: 'stale-share' })
    expect(moves(world)).toEqual([])
  })
})
