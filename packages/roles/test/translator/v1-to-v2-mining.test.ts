import { describe, expect, test } from 'vitest'
import { mixedKinds } from '../_sv1-kinds.ts'
import { aMiningWorld, throughFailovers } from '../_sv1-mining.ts'

const GH = 1e9
const TH = 1e12

test('1,000 V1 miners of mixed dialects, the upstream failing over: no share is counted twice, none is lost', {
  timeout: 60_000,
}, () => {
  const { told, miners } = throughFailovers(1, mixedKinds(1_000))
  expect(miners.filter(({ closed }) => closed !== undefined)).toEqual([])
  for (const { found, accepted, rejected, stale } of miners) expect(accepted + rejected + stale).toBe(found)
  const sum = (of: (miner: (typeof miners)[number]) => number) =>
    miners.reduce((total, miner) => total + of(miner), 0)
  expect(sum(({ found }) => found)).toBeGreaterThan(10_000)
  expect(sum(({ accepted }) => accepted)).toBe(told.accepted)
  expect(sum(({ rejected, stale }) => rejected + stale)).toBe(told.refused)
  expect(told.sent).toBe(told.acknowledged + told.refusedAbove + told.unanswered)
  expect(told.refusedAbove).toBe(0)
  expect(told.failovers).toBe(4)
  // late by their way and the moments without an upstream, and nothing else
  expect(sum(({ rejected }) => rejected) / sum(({ found }) => found)).toBeLessThan(0.002)
})

test('120 V1 miners with an upstream channel each, the upstream failing over: the same holds', () => {
  const options = { aggregated: false, poolSharesPerMinute: 12 }
  const { told, miners } = throughFailovers(2, mixedKinds(120), options)
  expect(miners.filter(({ closed }) => closed !== undefined)).toEqual([])
  for (const { found, accepted, rejected, stale } of miners) expect(accepted + rejected + stale).toBe(found)
  expect(told.accepted).toBe(miners.reduce((sum, { accepted }) => sum + accepted, 0))
  expect(told.sent).toBeGreaterThan(1_000)
  expect(told.sent).toBe(told.acknowledged + told.refusedAbove + told.unanswered)
  expect(told.refusedAbove).toBe(0)
})

test('the same seed gives the same run', () => {
  const [one, other] = [throughFailovers(3, mixedKinds(48)), throughFailovers(3, mixedKinds(48))]
  expect(one.told).toEqual(other.told)
  expect(one.miners.map(({ found }) => found)).toEqual(other.miners.map(({ found }) => found))
})

test('a fast miner of an unknown kind that takes a difficulty with a clean job only is slowed down in time', () => {
  const { world } = aMiningWorld(5, { poolSharesPerMinute: 6 })
  const kind = { userAgent: 'odd', hashrate: 1_000 * TH, habit: 'clean-job' as const }
  const miners = world.connect(
    Array.from({ length: 5 }, () => kind),
    100,
  )
  world.advance(60_000)
  expect(miners.filter(({ closed }) => closed !== undefined)).toEqual([])
  const found = miners.map((miner) => miner.found)
  world.advance(60_000)
  expect(miners.every((miner, at) => miner.found - found[at]! < 100)).toBe(true)
})

test.each(['at-once', 'next-job', 'clean-job'] as const)(
  '10 PH/s on a door for anybody stay connected while the difficulty is raised, and are soon slowed down (%s)',
  (habit) => {
    const { world } = aMiningWorld(5, { poolSharesPerMinute: 6 })
    const [miner] = world.connect([{ userAgent: 'odd', hashrate: 10_000 * TH, habit }], 100)
    world.advance(30_000)
    expect(miner?.closed).toBeUndefined()
    const { found = 0 } = miner ?? {}
    world.advance(60_000)
    expect(miner?.closed).toBeUndefined()
    expect((miner?.found ?? 0) - found).toBeLessThan(100)
    expect(miner?.accepted).toBeGreaterThan(0)
  },
)

describe('on defaults', () => {
  test.each([
    { name: 'a Bitaxe of 50 GH/s', userAgent: 'bitaxe/BM1366/v2.9.0', hashrate: 50 * GH },
    {
      name: 'a Bitaxe of 50 GH/s whose firmware asks for far too much',
      userAgent: 'bitaxe/BM1366/v2.9.0',
      hashrate: 50 * GH,
      suggests: 1000,
    },
    { name: 'something of 50 GH/s', userAgent: 'odd', hashrate: 50 * GH },
    { name: 'an Antminer of 200 TH/s', userAgent: 'Antminer S21/x', hashrate: 200 * TH },
    { name: 'something of 200 TH/s', userAgent: 'odd', hashrate: 200 * TH },
  ])('$name submits within 30 s, and is soon at its rate', ({ name: _, ...kind }) => {
    const { world } = aMiningWorld(5, { poolSharesPerMinute: 6 })
    const devices = Array.from({ length: 40 }, () => ({ ...kind, habit: 'next-job' as const }))
    const miners = world.connect(devices, 1_000)
    const start = world.now
    world.advance(31_000)
    const late = miners.filter(
      ({ firstAccepted }) => (firstAccepted ?? Number.POSITIVE_INFINITY) > start + 30_000,
    )
    expect(late.length).toBeLessThanOrEqual(1)
    world.advance(60_000)
    const before = miners.map(({ found }) => found)
    world.advance(120_000)
    const rates = miners.map(({ found }, at) => (found - before[at]!) / 2)
    const mean = rates.reduce((total, rate) => total + rate, 0) / rates.length
    expect(mean).toBeGreaterThan(3)
    expect(mean).toBeLessThan(14)
    expect(miners.filter(({ closed }) => closed !== undefined)).toEqual([])
  })
})
