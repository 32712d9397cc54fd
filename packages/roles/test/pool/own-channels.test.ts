import { MAX_TARGET, meetsTarget } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { AggregatorWorld } from '../_aggregator.ts'
import { EASY_TARGET } from '../_fixtures.ts'

function anOpen(requestId: number): Message {
  return {
    type: 'OpenExtendedMiningChannel',
    requestId,
    userIdentity: `alice.${requestId}`,
    nominalHashRate: 1,
    maxTarget: MAX_TARGET,
    minExtranonceSize: 4,
  }
}

/** A node that opens a channel above for each below. */
function aNode(options: ConstructorParameters<typeof AggregatorWorld>[0] = {}) {
  const { miners, ...rest } = options
  return new AggregatorWorld({
    aggregated: false,
    eager: false,
    miners: { startDifficulty: 2 ** -31, ...miners },
    ...rest,
  })
}

describe('a node with a channel above for each below', () => {
  test('asks the upstream anew for a miner that it had refused', () => {
    const world = aNode()
    const miner = world.miner(current)
    const upstream = world.upstream(current, { silent: true })
    for (let round = 0; round < 3; round++) {
      miner.peer.send(anOpen(7))
      const requests = upstream.take('OpenExtendedMiningChannel')
      expect(requests).toHaveLength(1)
      const requestId = requests[0]?.requestId ?? 0
      upstream.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: 'unknown-user' })
      expect(miner.takeOf('OpenMiningChannel.Error')).toMatchObject([
        { requestId: 7, errorCode: 'invalid-user-identity' },
      ])
    }
  })

  test('asks for no more channels above than a miner may have, however many it asks for', () => {
    const world = aNode({ miners: { maxChannelsPerConnection: 20 } })
    const miner = world.miner(current)
    const upstream = world.upstream(current, { silent: true })
    for (let requestId = 1; requestId <= 3_000; requestId++) miner.peer.send(anOpen(requestId))
    expect(upstream.take('OpenExtendedMiningChannel')).toHaveLength(20)
    expect(miner.takeOf('OpenMiningChannel.Error')).toHaveLength(2_980)
  })
})

describe('work that does not come', () => {
  test('a channel that is closed before it had work is an answer to the miner who waits for it', () => {
    const world = aNode()
    const miner = world.miner(current)
    const upstream = world.upstream(current)
    miner.peer.send(anOpen(7))
    upstream.serve()
    upstream.send({ type: 'CloseChannel', channelId: 1, reasonCode: 'no-room' })
    expect(miner.takeOf('OpenMiningChannel.Error')).toMatchObject([{ requestId: 7 }])
    world.link.advance(100_000)
    expect(upstream.take('OpenExtendedMiningChannel')).toHaveLength(1)
  })

  test('one miner whose request is not answered is refused, and the others work on', () => {
    const world = aNode()
    const [first, second] = [world.miner(current), world.miner(current)]
    const upstream = world.upstream(current, { silent: true })
    first.peer.send(anOpen(1))
    upstream.grant(upstream.take('OpenExtendedMiningChannel')[0]!)
    upstream.tip(1, 10)
    second.peer.send(anOpen(2))
    world.link.advance(62_000)
    expect(second.takeOf('OpenMiningChannel.Error')).toMatchObject([{ requestId: 2 }])
    expect(first.takeOf('CloseChannel')).toEqual([])
    // an answer that comes too late is for nobody
    upstream.grant(upstream.take('OpenExtendedMiningChannel')[0]!)
    expect(upstream.take('CloseChannel')).toMatchObject([{ channelId: 2, reasonCode: 'not-needed' }])
  })

  test.each([
    ['never answers a request', true],
    ['opens a channel and gives no work', false],
  ])('goes on with the next upstream when one %s', (_, silent) => {
    const world = new AggregatorWorld({ upstreams: [{}, {}] })
    const first = world.upstream(current, { silent })
    world.link.advance(62_000)
    expect(first.take('OpenExtendedMiningChannel')).toHaveLength(1)
    expect(first.take('CloseChannel')).toHaveLength(silent ? 0 : 1)
    world.upstream(current, { upstream: 1 }).tip(1, 10)
    expect(world.proxy.hasWork).toBe(true)
  })
})

test.each(['refuses', 'closes'])(
  'a miner whose channel the better upstream %s stays where it has work',
  (what) => {
    const world = aNode({ upstreams: [{}, {}], trustAfterMs: 0 })
    const miners = [world.miner(current), world.miner(current)]
    world.upstream(current, { silent: true }).peer.disconnect()
    for (const miner of miners) miner.peer.send(anOpen(1))
    const second = world.upstream(current, { upstream: 1 })
    second.tip(1, 10)
    second.tip(2, 10)
    for (const miner of miners) expect(miner.takeOf('OpenExtendedMiningChannel.Success')).toHaveLength(1)
    const first = world.upstream(current, { silent: true })
    world.link.advance(1_000)
    const [one, other] = first.take('OpenExtendedMiningChannel')
    first.grant(one!)
    first.tip(1, 10)
    if (what === 'closes') {
      const channelId = first.grant(other!)
      first.send({ type: 'CloseChannel', channelId, reasonCode: 'no-room' })
    } else {
      const { requestId } = other!
      first.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: 'no-room' })
    }
    world.link.advance(2_000)
    for (const miner of miners) expect(miner.takeOf('CloseChannel')).toEqual([])
    expect(world.proxy.counts).toMatchObject({ channels: 2, upstreamChannels: 2 })
  },
)

test('an upstream that refuses many miners at once is asked again after one pause', () => {
  const world = aNode()
  const miners = Array.from({ length: 30 }, () => world.miner(current))
  const upstream = world.upstream(current, { silent: true })
  for (const miner of miners) miner.peer.send(anOpen(1))
  for (const { requestId } of upstream.take('OpenExtendedMiningChannel'))
    upstream.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: 'no-room' })
  expect(world.factsOf('upstreamRefused')).toHaveLength(1)
  world.link.advance(40_000)
  expect(upstream.take('OpenExtendedMiningChannel')).toHaveLength(30)
})

test('an upstream whose channels are too small for many miners has refused once', () => {
  const world = aNode()
  const miners = Array.from({ length: 5 }, () => world.miner(current))
  for (const miner of miners) miner.peer.send(anOpen(1))
  world.upstream(current, { extranonceSize: () => 1 })
  expect(world.factsOf('upstreamRefused')).toHaveLength(1)
})

test('an upstream that refuses while we back off from it is asked again for those miners too', () => {
  const world = aNode()
  const miners = [world.miner(current), world.miner(current)]
  const upstream = world.upstream(current, { silent: true })
  for (const miner of miners) miner.peer.send(anOpen(1))
  const codes = ['no-room', 'user-limit']
  for (const [place, { requestId }] of upstream.take('OpenExtendedMiningChannel').entries())
    upstream.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: codes[place]! })
  expect(world.factsOf('upstreamRefused')).toMatchObject([{ reason: 'no channel: no-room' }])
  for (const miner of miners) expect(miner.takeOf('OpenMiningChannel.Error')).toEqual([])
  world.link.advance(10_000)
  expect(upstream.take('OpenExtendedMiningChannel')).toHaveLength(2)
})

describe('the end of a channel above', () => {
  function aMinerAt(upstreams: number) {
    const world = aNode({ upstreams: Array.from({ length: upstreams }, () => ({})) })
    const miner = world.miner(current)
    const upstream = world.upstream(current, { target: EASY_TARGET })
    miner.request('extended')
    upstream.serve()
    upstream.tip(1, 10)
    const [opened] = miner.takeOf('OpenExtendedMiningChannel.Success')
    if (opened === undefined) throw new Error('no channel')
    const { channelId, groupChannelId, extranonceSize, extranoncePrefix: prefix, target } = opened
    const channel = {
      kind: 'extended' as const,
      channelId,
      groupId: groupChannelId,
      extranonceSize,
      prefix,
      target,
    }
    return { world, miner, upstream, channel }
  }

  test('is told once when another upstream has too little room for the miner', () => {
    const { world, miner, upstream } = aMinerAt(2)
    upstream.peer.disconnect()
    const second = world.upstream(current, { upstream: 1, extranonceSize: () => 6 })
    second.tip(1, 500)
    expect(miner.takeOf('CloseChannel')).toMatchObject([{ reasonCode: 'extranonce-size-changed' }])
    world.link.advance(10_000)
    expect(second.take('CloseChannel')).toHaveLength(1)
    expect(world.proxy.counts).toMatchObject({ channels: 0, upstreamChannels: 0 })
  })

  test('waits for the last answers, and no longer than a moment when the last miner has left', () => {
    const { world, miner, upstream, channel } = aMinerAt(1)
    miner.peer.send(miner.find(channel, { hash: (hash) => meetsTarget(hash, EASY_TARGET) }))
    expect(upstream.take('SubmitSharesExtended')).toHaveLength(1)
    miner.peer.disconnect()
    expect(upstream.take('CloseChannel')).toEqual([])
    world.link.advance(3_000)
    expect(upstream.take('CloseChannel')).toHaveLength(1)
  })
})

test('a miner moves to the upstream that has less than its share, and nothing else changes', () => {
  const world = aNode({ upstreams: [{ share: 50 }, { share: 50 }] })
  const [a, b] = [world.upstream(current), world.upstream(current, { upstream: 1 })]
  const miners = Array.from({ length: 4 }, () => world.miner(current))
  for (const miner of miners) miner.peer.send(anOpen(1))
  for (const upstream of [a, b]) {
    upstream.serve()
    expect(upstream.channels).toEqual([1, 2])
    for (const channelId of upstream.channels) upstream.tip(channelId, channelId * 10)
  }
  const opened = miners.map((miner) => miner.takeOf('OpenExtendedMiningChannel.Success')[0]!)
  a.take('OpenExtendedMiningChannel')
  b.take('OpenExtendedMiningChannel')
  for (const place of [0, 2]) {
    const { channelId } = opened[place]!
    const update = {
      type: 'UpdateChannel',
      channelId,
      nominalHashRate: 10,
      maximumTarget: MAX_TARGET,
    } as const
    miners[place]!.peer.send(update)
  }
  world.link.advance(30_000)
  expect(a.take('OpenExtendedMiningChannel')).toEqual([])
  expect(b.take('OpenExtendedMiningChannel')).toMatchObject([{ nominalHashRate: 10 }])
  // the old channel works until the new one has work
  expect(a.take('CloseChannel')).toEqual([])
  b.tip(3, 30)
  expect(a.take('CloseChannel')).toHaveLength(1)
  expect(world.proxy.counts).toMatchObject({ channels: 4, upstreamChannels: 4 })
  for (const miner of miners) expect(miner.takeOf('CloseChannel')).toEqual([])
  // what moved goes back when its new upstream is gone
  b.peer.disconnect()
  world.link.advance(1_000)
  expect(a.take('OpenExtendedMiningChannel')).toHaveLength(3)
})
