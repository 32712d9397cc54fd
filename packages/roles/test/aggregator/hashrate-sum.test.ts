import { current } from '@sv2/messages/current'
import { expect, test } from 'vitest'
import { AggregatorWorld } from '../_aggregator.ts'

const MOST = 3.4e38

test.each([
  ['one channel for all', true],
  ['a channel for each', false],
])('miners that declare absurd hash rates add up to one that can be told: %s', (_, aggregated) => {
  const world = new AggregatorWorld({ aggregated, upstreams: [{}, {}] })
  const first = world.upstream(current)
  for (const channelId of first.channels) first.tip(channelId, 10)
  const miner = world.miner(current)
  for (let n = 0; n < 3; n++) miner.request('extended', { hashrate: MOST })
  first.serve()
  for (const channelId of first.channels) first.tip(channelId, 10)
  first.peer.disconnect()
  const second = world.upstream(current, { upstream: 1 })
  world.link.advance(2_000)
  second.serve()
  const told = second.take('OpenExtendedMiningChannel').map(({ nominalHashRate }) => nominalHashRate)
  expect(told.length).toBeGreaterThan(0)
  for (const hashrate of told) expect(Number.isFinite(hashrate)).toBe(true)
})
