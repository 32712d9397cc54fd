import { meetsTarget } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { AggregatorWorld } from '../_aggregator.ts'
import { EASY_TARGET, filled, proves } from '../_fixtures.ts'
import { anUpstreamJob, TestUpstream } from '../_test-upstream.ts'

const FIXED_VERSION = 1

function dials(world: AggregatorWorld): string[] {
  return world
    .facts()
    .filter(({ kind }) => kind === 'dial' || kind === 'hangUp')
    .map(({ kind, upstream }) => `${kind} ${String(upstream)}`)
}

/** Two pools, the first one in use, and a miner that has work of it. */
function aFarm(options: ConstructorParameters<typeof AggregatorWorld>[0] = {}) {
  const world = new AggregatorWorld({
    upstreams: [{}, {}],
    miners: { startDifficulty: 2 ** -31 },
    ...options,
  })
  const first = world.upstream(current, { target: EASY_TARGET })
  first.tip(1, 10)
  const miner = world.miner(current)
  const channel = miner.open('extended')
  miner.take()
  world.facts()
  return { world, first, miner, channel }
}

describe('an upstream that does not know extension 0x0001', () => {
  const HABITS = { target: EASY_TARGET, supports: 'unknown' } as const

  /** Two pools, of which the first has just been connected. */
  function asking() {
    const world = new AggregatorWorld({ upstreams: [{ extensions: [2] }, {}] })
    return { world, upstream: world.upstream(current, HABITS) }
  }

  test('is connected anew at once, asked once more, and then worked with; nothing speaks against it', () => {
    const { world, upstream } = asking()
    const dialed = dials(world)
    world.link.advance(100)
    expect(upstream.peer.closed).toBe('no answer to RequestExtensions')
    const second = world.upstream(current, HABITS)
    world.link.advance(250)
    expect(second.peer.closed).toBe('no answer to RequestExtensions')
    const third = world.upstream(current, HABITS)
    third.tip(1, 10)
    const facts = world.facts()
    expect(facts.filter(({ kind }) => kind === 'redial')).toHaveLength(2)
    expect(facts.filter(({ kind }) => kind === 'upstreamLost' || kind === 'dial')).toEqual([])
    expect(dialed).toEqual(['dial 0'])
    expect(facts.filter(({ kind }) => kind === 'upstreamUsed')).toHaveLength(1)
  })

  test('is remembered: later connections cost nothing more', () => {
    const { world } = asking()
    world.link.advance(100)
    world.upstream(current, HABITS)
    world.link.advance(250)
    for (let connection = 0; connection < 5; connection++) {
      const upstream = world.upstream(current, HABITS)
      upstream.tip(1, 10)
      expect(world.factsOf('upstreamUsed')).toHaveLength(1)
      upstream.peer.disconnect()
      world.link.advance(3_000)
    }
  })
})

describe('failover', () => {
  test('goes to the next upstream when the first is lost; miners stay and see a new tip', () => {
    const { world, first, miner, channel } = aFarm()
    const old = miner.job(channel)
    const oldTip = miner.tip(channel)
    first.peer.disconnect()
    expect(dials(world)).toEqual(['dial 1'])
    miner.peer.send(miner.find(channel, { job: old, tip: oldTip }))
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'stale-share' }])

    const second = world.upstream(draft, { upstream: 1, target: EASY_TARGET, prefix: filled(9, 8) })
    second.tip(1, 500)
    expect(miner.takeOf('SetNewPrevHash')).toHaveLength(1)
    expect(miner.peer.closed).toBeUndefined()
    miner.peer.send(miner.find(channel, { hash: (hash) => meetsTarget(hash, EASY_TARGET) }))
    expect(second.take('SubmitSharesExtended')).toMatchObject([{ jobId: 500 }])
  })

  test('returns to the first when that has been well for a while, and not before it gives work', () => {
    const { world, first, miner } = aFarm()
    first.peer.disconnect()
    const second = world.upstream(current, { upstream: 1 })
    second.tip(1, 500)
    const again = world.upstream(current, { silent: true })
    world.link.advance(29_000)
    expect(again.take('OpenExtendedMiningChannel')).toEqual([])
    world.link.advance(2_000)
    const [request] = again.take('OpenExtendedMiningChannel')
    again.grant(request!)
    miner.take()
    second.send(anUpstreamJob(1, 501, { minNtime: 1 }))
    expect(miner.takeOf('NewExtendedMiningJob')).toHaveLength(1)
    again.tip(1, 20)
    expect(miner.takeOf('SetNewPrevHash')).toHaveLength(1)
    expect(second.take('CloseChannel')).toHaveLength(1)
    expect(dials(world)).toContain('hangUp 1')
  })

  test.each([
    ['SetupConnection is refused', 'setup'],
    ['a channel is refused', 'open'],
    ['its channel is closed', 'close'],
  ] as const)('goes on with the next one when %s', (_, what) => {
    const world = new AggregatorWorld({ upstreams: [{}, {}] })
    const first = new TestUpstream(world.link, { edition: current, silent: what !== 'close' })
    if (what === 'setup')
      first.send({ type: 'SetupConnection.Error', flags: 0, errorCode: 'unsupported-protocol' })
    if (what === 'open') {
      const requestId = first.take('OpenExtendedMiningChannel')[0]?.requestId ?? 0
      first.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: 'unknown-user' })
    }
    if (what === 'close') {
      first.tip(1, 10)
      first.send({ type: 'CloseChannel', channelId: 1, reasonCode: 'go-away' })
    }
    expect(dials(world)).toContain('dial 1')
    const second = world.upstream(current, { upstream: 1 })
    second.tip(1, 10)
    expect(world.proxy.hasWork).toBe(true)
  })

  test('asks an upstream again that had refused, later and later, for ever', () => {
    const world = new AggregatorWorld()
    const upstream = world.upstream(current, { silent: true })
    const times: number[] = []
    for (let second = 0; second < 3_600; second++) {
      world.link.advance(1_000)
      upstream.serve()
      for (const { requestId } of upstream.take('OpenExtendedMiningChannel')) {
        times.push(second)
        upstream.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: 'unknown-user' })
      }
    }
    expect(times.length).toBeGreaterThan(10)
    expect(times.at(-1)! - times.at(-2)!).toBeLessThanOrEqual(301)
  })

  test('asks an upstream again when its pause is over, however long others are preferred to it', () => {
    const world = new AggregatorWorld({ trustAfterMs: 3_600_000 })
    const upstream = world.upstream(current, { silent: true })
    const [request] = upstream.take('OpenExtendedMiningChannel')
    const requestId = request?.requestId ?? 0
    upstream.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: 'unknown-user' })
    world.link.advance(6_000)
    expect(upstream.take('OpenExtendedMiningChannel')).toHaveLength(1)
  })

  test('leaves an upstream that does not answer SetupConnection', () => {
    const world = new AggregatorWorld({ upstreams: [{}, {}] })
    const port = { kind: 'upstream', index: 0 }
    const mute = world.link.connect({ port, edition: current, protocol: 'mining', plays: 'server' })
    world.link.advance(31_000)
    expect(mute.closed).toBe('no answer to SetupConnection')
    expect(dials(world)).toEqual(['dial 0', 'dial 1'])
    world.upstream(current, { upstream: 1 }).tip(1, 10)
    expect(world.proxy.hasWork).toBe(true)
  })

  test('an answer that never comes makes it leave', () => {
    const { world, first, miner, channel } = aFarm()
    miner.peer.send(miner.find(channel, { hash: (hash) => meetsTarget(hash, EASY_TARGET) }))
    expect(first.take('SubmitSharesExtended')).toHaveLength(1)
    world.link.advance(62_000)
    expect(first.peer.closed).toBe('does not answer shares')
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'stale-share' }])
    expect([...world.proxy.tallies.entries()].map(([, tally]) => tally)).toMatchObject([
      { found: 1, sent: 1, acknowledged: 0, unanswered: 1 },
    ])
  })

  test('an extranonce that the next upstream cannot give ends the channels, which come again', () => {
    const { world, first, miner } = aFarm({ rolled: { most: 8, least: 4 } })
    first.peer.disconnect()
    const second = world.upstream(current, { upstream: 1, silent: true })
    for (;;) {
      const [request] = second.take('OpenExtendedMiningChannel')
      const { requestId, minExtranonceSize } = request!
      if (minExtranonceSize <= 6) {
        second.grant(request!)
        break
      }
      second.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: 'min-extranonce-size-too-large' })
    }
    second.tip(1, 10)
    expect(miner.takeOf('CloseChannel')).toMatchObject([{ reasonCode: 'extranonce-size-changed' }])
    expect(miner.open('extended').extranonceSize).toBe(4)
  })
})

describe('without any upstream', () => {
  test('miners are told to stop after a while', () => {
    const { world, first, miner } = aFarm()
    first.peer.disconnect()
    world.link.advance(29_000)
    expect(miner.takeOf('CloseChannel')).toEqual([])
    world.link.advance(3_000)
    expect(miner.takeOf('CloseChannel')).toMatchObject([{ reasonCode: 'no-upstream' }])
    expect(miner.peer.closed).toBeUndefined()
  })

  test('or are kept on their last job, by option', () => {
    const { world, first, miner } = aFarm({ whenGone: 'keep' })
    first.peer.disconnect()
    world.link.advance(600_000)
    expect(miner.takeOf('CloseChannel')).toEqual([])
    expect(world.factsOf('upstreamsGone')).toHaveLength(1)
  })

  proves(
    'PRX-02',
    'both',
    'a client waits for its answer, and gets it when there is an upstream',
    (edition) => {
      const world = new AggregatorWorld()
      const miner = world.miner(edition)
      expect(miner.log).toEqual([])
      world.link.advance(120_000)
      expect(miner.peer.closed).toBeUndefined()
      world.upstream(edition, { flags: FIXED_VERSION })
      expect(miner.takeOf('SetupConnection.Success')).toMatchObject([{ flags: FIXED_VERSION }])
    },
  )
})

test('what a client sends on before its answer waits behind it', () => {
  const world = new AggregatorWorld()
  const miner = world.miner(current)
  const asked = miner.request('extended')
  expect(miner.log).toEqual([])
  world.upstream(current).tip(1, 10)
  miner.take()
  expect(miner.log.map(({ type }) => type).slice(0, 2)).toEqual([
    'SetupConnection.Success',
    'OpenExtendedMiningChannel.Success',
  ])
  expect(miner.log[1]).toMatchObject({ requestId: asked })
})

test('an upstream hears of a hash rate that another one had been told before', () => {
  const { world, first, miner } = aFarm()
  const other = world.miner(current)
  miner.open('extended', { hashrate: 1_000 })
  other.open('extended', { hashrate: 500 })
  world.link.advance(1_000)
  expect(first.take('UpdateChannel')).toMatchObject([{ nominalHashRate: 1_500 }])
  first.peer.disconnect()
  other.peer.disconnect()
  world.link.advance(1_000)
  const second = world.upstream(current, { upstream: 1, target: EASY_TARGET })
  expect(second.take('OpenExtendedMiningChannel')).toMatchObject([{ nominalHashRate: 1_000 }])
  second.tip(1, 500)
  world.miner(current).open('extended', { hashrate: 500 })
  world.link.advance(1_000)
  expect(second.take('UpdateChannel')).toMatchObject([{ nominalHashRate: 1_500 }])
})

describe('a split by percentage', () => {
  function aSplit() {
    const world = new AggregatorWorld({ upstreams: [{ share: 70 }, { share: 30 }] })
    const [a, b] = [world.upstream(current), world.upstream(current, { upstream: 1 })]
    a.tip(1, 10)
    b.tip(1, 20)
    return { world, a, b }
  }
  /** The rate each upstream was last told. */
  const told = (...upstreams: TestUpstream[]) =>
    upstreams.map((upstream) => upstream.take('UpdateChannel').at(-1)?.nominalHashRate)

  test('gives each upstream its part of the hash rate', () => {
    const { world, a, b } = aSplit()
    const miner = world.miner(current)
    for (let n = 0; n < 100; n++) miner.open(n % 2 === 0 ? 'extended' : 'standard', { hashrate: 10 })
    world.link.advance(1_000)
    expect(told(a, b)).toEqual([700, 300])
  })

  test('is kept when the rates below change: channels are moved', () => {
    const { world, a, b } = aSplit()
    const miner = world.miner(current)
    const channels = Array.from({ length: 10 }, () => miner.open('extended', { hashrate: 10 }))
    const groups = channels.map(({ groupId }) => groupId)
    const smaller = groups.find((group) => groups.filter((other) => other === group).length < 5)
    for (const { channelId, groupId } of channels) {
      if (groupId !== smaller) continue
      const maximumTarget = filled(0xff)
      miner.peer.send({ type: 'UpdateChannel', channelId, nominalHashRate: 100, maximumTarget })
    }
    world.link.advance(120_000)
    const [first = 0, second = 0] = told(a, b)
    expect(first / (first + second)).toBeGreaterThan(0.6)
    expect(first / (first + second)).toBeLessThan(0.8)
    expect(miner.takeOf('SetGroupChannel').length).toBeGreaterThan(0)
    expect(miner.peer.closed).toBeUndefined()
  })

  test('sends a share of a channel that was moved to the upstream whose work it was found on', () => {
    const { world, a, b } = aSplit()
    const miner = world.miner(current)
    const channels = Array.from({ length: 10 }, () => miner.open('extended', { hashrate: 10 }))
    const [channel] = channels
    if (channel === undefined) throw new Error('no channel')
    const work = { job: miner.job(channel), tip: miner.tip(channel) }
    const { channelId } = channel
    const maximumTarget = filled(0xff)
    // the one that is moved is the fastest that fits
    const others = channels.filter((other) => other.groupId !== channel.groupId)
    for (const other of others) {
      const { channelId } = other
      miner.peer.send({ type: 'UpdateChannel', channelId, nominalHashRate: 2, maximumTarget })
    }
    miner.peer.send({ type: 'UpdateChannel', channelId, nominalHashRate: 20, maximumTarget })
    world.link.advance(15_000)
    expect(miner.takeOf('SetGroupChannel')).toMatchObject([{ channelIds: [channelId] }])
    miner.peer.send(miner.find(channel, work))
    const [from, to] = work.job.jobId === 1 ? [a, b] : [b, a]
    expect(from.take('SubmitSharesExtended')).toMatchObject([{ jobId: from === a ? 10 : 20 }])
    expect(to.take('SubmitSharesExtended')).toEqual([])
  })

  test('loses nothing when one of them is gone: the other takes its part over', () => {
    const { world, a, b } = aSplit()
    const miner = world.miner(current)
    for (let n = 0; n < 10; n++) miner.open('extended', { hashrate: 10 })
    world.link.advance(1_000)
    a.take('OpenExtendedMiningChannel')
    b.peer.disconnect()
    a.serve()
    expect(a.take('OpenExtendedMiningChannel')).toMatchObject([{ nominalHashRate: 30 }])
    a.tip(2, 11)
    expect(world.proxy.counts.upstreamChannels).toBe(2)
  })
})
