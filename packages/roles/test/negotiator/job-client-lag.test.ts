import { encodeHeightPush } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { filled } from '../_fixtures.ts'
import { JobClientWorld, moves, ScriptedPair, twoPools, working } from '../_job-client.ts'
import { anOffer, minedWithOffers, OfferingPool } from '../_pool-offer.ts'
import { TestMiner } from '../_test-miner.ts'

/** Height of the templates of these tests. */
const HEIGHT = 200_000

const lags = (world: JobClientWorld) => world.told('nodeLags').map((fact) => fact.lags)

describe('when our own node lags behind the pool', () => {
  test.each([
    {
      edition: current,
      before: 'it has agreed to a job of ours',
      begin(pair: ScriptedPair) {
        pair.agree()
        pair.acknowledge()
      },
    },
    { edition: draft, before: 'it has agreed to none yet', begin: () => undefined },
  ])(
    '$edition.name, $before: miners work on the pool’s own jobs, and the pool is not left',
    ({ edition, begin }) => {
      const { world, pair } = working({ edition, asyncMining: false })
      begin(pair)
      const pool = new OfferingPool(world, { edition })
      const miner = new TestMiner(world.link as never, current)
      const channel = miner.open('extended')
      moves(world)
      pool.peer.send(...anOffer(99, HEIGHT + 1, filled(0xbb)))
      world.link.advance(3_000)
      expect(lags(world)).toEqual([true])
      miner.peer.send(miner.find(channel))
      expect(pool.shares).toMatchObject([{ jobId: 99 }])
      pool.acknowledgeShares()
      for (let minute = 0; minute < 10; minute++) {
        pair.giveTokens()
        world.update(BigInt(10 + minute))
        world.link.advance(60_000)
      }
      expect(moves(world)).toEqual([])
    },
  )

  test('they are back on our own within a second after it has caught up, and what they found still counts', () => {
    const { world, pair, pool, miner, channel } = minedWithOffers()
    pool.peer.send(...anOffer(99, HEIGHT + 1, filled(0xbb)))
    world.link.advance(3_000)
    const late = miner.find(channel)
    const before = pair.proposal
    world.tip({ templateId: 2n, coinbasePrefix: encodeHeightPush(HEIGHT + 1) }, { prevHash: filled(0xbb) })
    pair.giveTokens()
    expect(lags(world)).toContain(false)
    expect(pair.proposal).not.toBe(before)
    miner.peer.send(late)
    expect(pool.shares.map(({ jobId }) => jobId)).toEqual([99])
    pair.agree()
    const jobId = pair.acknowledge()
    miner.peer.send(miner.find(channel))
    expect(pair.shares.at(-1)).toMatchObject({ jobId })
  })

  test('a pool that refuses our jobs as stale meanwhile is not left, and not asked again and again', () => {
    const { world, first } = twoPools()
    new OfferingPool(world).peer.send(...anOffer(99, HEIGHT + 1, filled(0xbb)))
    world.update(2n)
    first.disagree('stale-chain-tip')
    first.giveTokens()
    world.link.advance(3_000)
    moves(world)
    const { proposal } = first
    for (let n = 0; n < 120; n++) {
      first.giveTokens()
      world.link.advance(1_000)
    }
    expect(first.proposal).toBe(proposal)
    expect(moves(world)).toEqual([])
  })
})

describe('the connection on which a pool gives jobs of its own', () => {
  test('does not ask for work selection, and brings what its channel needs', () => {
    const { world } = working()
    const { received } = new OfferingPool(world)
    expect(received).toMatchObject([
      { type: 'SetupConnection', flags: 0 },
      { type: 'OpenExtendedMiningChannel', userIdentity: 'farm.0' },
    ])
  })

  test('may be lost or refused: the pool is not left, and a share on its way is answered', () => {
    const { world, pool, miner, channel } = minedWithOffers()
    moves(world)
    pool.peer.send(...anOffer(99, HEIGHT + 1, filled(0xbb)))
    world.link.advance(3_000)
    const [sent, late] = [miner.find(channel), miner.find(channel)]
    miner.peer.send(sent)
    expect(pool.shares).toHaveLength(1)
    pool.peer.disconnect()
    miner.peer.send(late)
    const refused = miner.peer.received().filter(({ type }) => type === 'SubmitShares.Error')
    expect(refused).toMatchObject([
      { sequenceNumber: sent.sequenceNumber, errorCode: 'stale-share' },
      { sequenceNumber: late.sequenceNumber },
    ])
    expect(world.told('pairChanged')).not.toContainEqual(expect.objectContaining({ to: 'barred' }))
    expect(moves(world)).toEqual([])
    const again = world.link.connect({
      port: { kind: 'offers', index: 0 },
      edition: current,
      protocol: 'mining',
      plays: 'server',
    })
    again.send({ type: 'SetupConnection.Error', flags: 0, errorCode: 'unsupported-feature-flags' })
    expect(world.told('offersUnavailable')).toMatchObject([{ place: 0 }])
    expect(again.closed).toBeDefined()
    expect(moves(world)).toEqual([])
  })
})

describe('a pool is not ahead of us', () => {
  test.each([
    ['on a tip that we have left', HEIGHT, filled(0xaa)],
    ['on a block of the same height', HEIGHT, filled(0xcc)],
    ['further back than we remember', HEIGHT - 5, filled(0xcd)],
  ])('%s', (_, height, prevHash) => {
    const { world, first } = twoPools()
    world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
    first.agree()
    first.acknowledge()
    new OfferingPool(world).peer.send(...anOffer(99, height, prevHash))
    world.link.advance(10_000)
    expect(lags(world)).toEqual([])
  })
})

test('a pool that was left for another view of the chain is asked again soon, however often, and at once with our next tip', () => {
  const world = new JobClientWorld()
  world.provide()
  const waits: number[] = []
  for (let turn = 0; turn < 3; turn++) {
    const pair = new ScriptedPair(world)
    pair.open()
    world.answerTemplates()
    for (let second = 0; second < 40 && pair.pool.closed === undefined; second++) {
      pair.disagree('stale-chain-tip')
      pair.giveTokens()
      world.link.advance(1_000)
    }
    world.link.takeFacts()
    let waited = 0
    for (; world.told('dial').length === 0; waited++) world.link.advance(1_000)
    waits.push(waited)
  }
  expect(Math.max(...waits)).toBeLessThanOrEqual(5)
})
