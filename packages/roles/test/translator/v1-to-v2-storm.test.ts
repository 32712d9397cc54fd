import { current } from '@sv2/messages/current'
import { expect, test } from 'vitest'
import type { Sv1Miner } from '../_sv1-miner.ts'
import { aTranslator } from '../_sv1-world.ts'

const MINERS = 1_000

test('reconnect storm of 1,000 miners: each gets its extranonce1 back, and one upstream channel serves all', {
  timeout: 60_000,
}, () => {
  const { world, pool } = aTranslator(current, { miners: { maxChannels: 2 * MINERS } })
  const before = Array.from({ length: MINERS }, (_, at) => world.miner(`farm.${at}`).login('cgminer/4.11.1'))
  expect(new Set(before.map(({ extranonce1 }) => extranonce1)).size).toBe(MINERS)
  let miners: readonly Sv1Miner[] = before
  for (let storm = 0; storm < 3; storm++) {
    for (const { peer } of miners) peer.disconnect()
    miners = miners.map(({ user, sessionId }) => world.miner(user).login('cgminer/4.11.1', 'x', sessionId))
    expect(miners.map(({ extranonce1 }) => extranonce1)).toEqual(before.map(({ extranonce1 }) => extranonce1))
    world.link.advance(2_000)
  }
  expect(world.role.counts).toMatchObject({ connections: MINERS, channels: MINERS, v1Miners: MINERS })
  expect(pool.channels).toHaveLength(1)
  expect(miners.slice(0, 20).map((miner) => miner.mine())).toEqual(Array(20).fill(true))
})

test('a storm of new miners while the upstream is away: all of them wait, and work when it is back', () => {
  const { world, pool } = aTranslator(current, { miners: { maxChannels: 2 * MINERS } })
  world.miner().login()
  pool.peer.disconnect()
  const miners = Array.from({ length: 100 }, () => world.miner().login())
  expect(miners.every(({ peer }) => peer.all('mining.notify').length === 0)).toBe(true)
  const again = world.upstream(current, { target: new Uint8Array(32).fill(0xff, 0, 32) })
  world.link.advance(31_000)
  again.tip(1, 10)
  // so many are told in slices
  world.link.advance(10)
  expect(miners.every(({ peer }) => peer.all('mining.notify').length > 0)).toBe(true)
})
