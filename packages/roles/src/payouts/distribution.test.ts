import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Distribution, firstPayouts, rewardOutputs, splitReward } from './distribution.ts'

const script = (n: number) => Uint8Array.of(0x51, n & 0xff, n >> 8)
const weight = fc.bigInt({ min: 1n, max: 2n ** 62n })
const anyDistribution: fc.Arbitrary<Distribution> = fc
  .record({
    pool: weight,
    payouts: fc.array(fc.record({ weight, dustLimit: fc.nat({ max: 2 ** 32 - 1 }) }), { maxLength: 12 }),
  })
  .map(({ pool, payouts }) => ({
    id: 1n,
    pool: { script: script(0), weight: pool },
    payouts: payouts.map((payee, n) => ({ ...payee, script: script(n + 1) })),
    additionalOutputs: [{ value: 0n, script: Uint8Array.of(0x6a) }],
  }))
const total = fc.bigInt({ min: 0n, max: 21_000_000n * 100_000_000n })

test('a reward is split without a rest, nobody gets dust, and the pool is never left out', () => {
  fc.assert(
    fc.property(anyDistribution, total, (distribution, reward) => {
      const split = splitReward(distribution, reward)
      expect(split.payouts.reduce((sum, value) => sum + value, split.pool)).toBe(reward)
      expect(split.pool).toBeGreaterThanOrEqual(0n)
      for (const [at, value] of split.payouts.entries())
        if (value > 0n) expect(value).toBeGreaterThanOrEqual(BigInt(distribution.payouts[at]!.dustLimit))
      const outputs = rewardOutputs(distribution, reward)
      expect(outputs[0]).toEqual({ value: split.pool, script: distribution.pool.script })
      expect(outputs.at(-1)!.value).toBe(0n)
    }),
  )
})

test('fewer miners in the coinbase leave the others what they get, and the pool holds the rest', () => {
  fc.assert(
    fc.property(anyDistribution, total, fc.nat({ max: 12 }), (distribution, reward, most) => {
      const all = splitReward(distribution, reward)
      const fewer = splitReward(firstPayouts(distribution, most), reward)
      expect(fewer.payouts).toEqual(all.payouts.slice(0, most))
      expect(fewer.payouts.reduce((sum, value) => sum + value, fewer.pool)).toBe(reward)
    }),
  )
})

test('3.125 bitcoin at 2 % fee for three miners, one of them dust', () => {
  const distribution: Distribution = {
    id: 7n,
    pool: { script: script(0), weight: 20_000n },
    payouts: [
      { script: script(1), weight: 600_000n, dustLimit: 294 },
      { script: script(2), weight: 379_999n, dustLimit: 294 },
      { script: script(3), weight: 1n, dustLimit: 330 },
    ],
    additionalOutputs: [],
  }
  expect(splitReward(distribution, 312_500_000n)).toEqual({
    pool: 6_250_001n + 312n,
    payouts: [187_500_000n, 118_749_687n, 0n],
  })
})
