import { encodeOutput } from '@sv2/bitcoin'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Distribution, rewardOutputs } from './distribution.ts'
import { DistributionBook } from './distribution-book.ts'
import { distributionMessage, readDistribution } from './distribution-message.ts'

const script = (n: number) => Uint8Array.of(0, 20, ...new Uint8Array(20).fill(n))
const NULL_DATA = { value: 0n, script: Uint8Array.of(0x6a) }

function aDistribution(id: bigint, weight = 600n): Distribution {
  return {
    id,
    pool: { script: script(0), weight: 20n },
    payouts: [
      { script: script(1), weight, dustLimit: 294 },
      { script: script(2), weight: 1n, dustLimit: 2_000_000 },
    ],
    additionalOutputs: [NULL_DATA],
  }
}

const paid = (distribution: Distribution, total = 312_500_000n) => rewardOutputs(distribution, total)

describe('the distributions that jobs may follow', () => {
  test('are the newest and the one before it', () => {
    const book = new DistributionBook()
    const [first, second, third] = [aDistribution(1n), aDistribution(2n, 700n), aDistribution(5n, 800n)]
    expect(book.fault(1n, paid(first))).toBe('stale-payout-distribution')
    for (const each of [first, second, third]) expect(book.take(each, { voids: false })).toBe(true)
    expect(book.fault(5n, paid(third))).toBeUndefined()
    expect(book.fault(2n, paid(second))).toBeUndefined()
    expect(book.fault(1n, paid(first))).toBe('stale-payout-distribution')
    expect(book.fault(6n, paid(third))).toBe('stale-payout-distribution')
  })

  test('are the newest alone when a block was settled', () => {
    const book = new DistributionBook()
    book.take(aDistribution(1n), { voids: false })
    book.take(aDistribution(2n), { voids: true })
    expect(book.fault(1n, paid(aDistribution(1n)))).toBe('stale-payout-distribution')
    expect(book.fault(2n, paid(aDistribution(2n)))).toBeUndefined()
  })

  test('never grow older', () => {
    const book = new DistributionBook()
    book.take(aDistribution(2n), { voids: false })
    expect(book.take(aDistribution(2n, 1n), { voids: true })).toBe(false)
    expect(book.take(aDistribution(1n), { voids: true })).toBe(false)
    expect(book.fault(2n, paid(aDistribution(2n)))).toBeUndefined()
  })

  const [pool, alice, ...others] = paid(aDistribution(1n))
  const more = (output: typeof pool, by: bigint) => ({ ...output!, value: output!.value + by })
  test.each([
    ['without the pool', [alice!, ...others]],
    ['without a miner', [more(pool, alice!.value), ...others]],
    ['in another order', [alice!, pool!, ...others]],
    ['with a satoshi moved', [more(pool, 1n), more(alice, -1n), ...others]],
    ['with an output that pays somebody else', [pool!, alice!, ...others, { value: 1n, script: script(9) }]],
    ['without an additional output', [pool!, alice!]],
    ['with a miner paid who is dust', [pool!, alice!, { value: 500_000n, script: script(2) }, ...others]],
    ['nothing at all', []],
  ])('%s, outputs are not those of the distribution', (_, outputs) => {
    const book = new DistributionBook()
    book.take(aDistribution(1n), { voids: false })
    expect(book.fault(1n, outputs)).toBe('invalid-payout-distribution')
    expect(book.fault(undefined, paid(aDistribution(1n)))).toBe('invalid-payout-distribution')
  })

  test('outputs without value may follow', () => {
    const book = new DistributionBook()
    book.take(aDistribution(1n), { voids: false })
    expect(book.fault(1n, [...paid(aDistribution(1n)), NULL_DATA, NULL_DATA])).toBeUndefined()
  })
})

test('a distribution that was told is read again as it is', () => {
  const weight = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n })
  const anyScript = fc.uint8Array({ maxLength: 300 })
  const payout = fc.record({ script: anyScript, weight, dustLimit: fc.nat({ max: 2 ** 32 - 1 }) })
  fc.assert(
    fc.property(fc.array(payout, { maxLength: 20 }), weight, anyScript, (payouts, poolWeight, poolScript) => {
      const distribution: Distribution = {
        id: 3n,
        pool: { script: poolScript, weight: poolWeight },
        payouts,
        additionalOutputs: [NULL_DATA],
      }
      expect(readDistribution(distributionMessage(distribution))).toEqual(distribution)
    }),
  )
})

test.each([
  ['without weight of the pool', { poolPayout: encodeOutput({ value: 0n, script: script(0) }) }],
  [
    'without weight of a miner',
    { payouts: [encodeOutput({ value: 0n, script: script(0) })], dustLimits: [1] },
  ],
  ['with too few dust limits', { dustLimits: [1] }],
  [
    'with an additional output of value',
    { additionalOutputs: [encodeOutput({ value: 1n, script: script(0) })] },
  ],
  ['with a payout that is cut off', { poolPayout: Uint8Array.of(1, 2, 3) }],
  ['with two outputs in one place', { poolPayout: new Uint8Array(18).fill(0).fill(1, 0, 1) }],
])('a distribution %s is not followed', (_, wrong) => {
  expect(typeof readDistribution({ ...distributionMessage(aDistribution(1n)), ...wrong })).toBe('string')
})
