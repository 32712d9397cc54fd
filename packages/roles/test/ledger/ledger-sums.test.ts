import type { LedgerSettings } from '@sv2/roles/ledger'
import { changes, POOL } from '@sv2/roles/ledger'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HARDER_NBITS, History, keyOf, NBITS, replay } from './_history.ts'

const MINERS = 6

/** What happens to a pool: work, jobs, tips, retargets, blocks, orphans that come back, payments. */
type Step =
  | { readonly kind: 'share'; readonly miner: number; readonly parts: number; readonly ofReward: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'job'; readonly value: bigint }
  | { readonly kind: 'tip'; readonly isHarder: boolean }
  | {
      readonly kind: 'block'
      readonly finder: number
      readonly jobsAgo: number
      readonly source: 'share' | 'chain'
    }
  | { readonly kind: 'chain'; readonly block: number; readonly confirmations: number }

const miner = fc.integer({ min: 1, max: MINERS })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('share' as const),
      miner,
      parts: fc.integer({ min: 1, max: 3000 }),
      ofReward: fc.integer({ min: 0, max: 100 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat({ max: 100_000 }), fc.nat({ max: 400_000_000 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('job' as const),
      value: fc.bigInt({ min: 1n, max: 10n ** 10n }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tip' as const), isHarder: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      finder: fc.integer({ min: 0, max: MINERS }),
      jobsAgo: fc.nat({ max: 4 }),
      source: fc.constantFrom('share' as const, 'chain' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('chain' as const),
      block: fc.nat(),
      confirmations: fc.integer({ min: 0, max: 8 }),
    }),
  },
)
const anySettings: fc.Arbitrary<Partial<LedgerSettings>> = fc.record({
  feePpm: fc.constantFrom(0n, 20_000n, 100_000n),
  dustLimit: fc.constantFrom(0, 294, 100_000_000),
  maxPayouts: fc.constantFrom(1, 3, 500),
  scheme: fc.constantFrom<LedgerSettings['scheme']>(
    { scheme: 'pplns', window: 8n << 40n },
    { scheme: 'pplns', window: 1n << 39n },
    { scheme: 'slice', window: 2n << 40n },
    { scheme: 'round' },
    { scheme: 'fpps' },
    { scheme: 'solo' },
    {
      scheme: 'group',
      parts: new Map([
        [keyOf(1), 3n],
        [keyOf(2), 7n],
      ]),
    },
  ),
})

function play(steps: readonly Step[], settings: Partial<LedgerSettings>): History {
  const history = new History(settings).start(MINERS)
  const blocks: Uint8Array[] = []
  const jobs: number[] = []
  for (const step of steps) {
    history.after(1)
    switch (step.kind) {
      case 'share':
        history.share(step.miner, step.parts, { toPool: (history.value * BigInt(step.ofReward)) / 100n })
        break
      case 'wait':
        history.after(step.ms)
        break
      case 'job':
        history.value = step.value
        jobs.unshift(history.job())
        break
      case 'tip':
        history.nbits = step.isHarder ? HARDER_NBITS : NBITS
        history.tip()
        break
      case 'block':
        blocks.push(history.block(step.finder, jobs[step.jobsAgo] ?? jobs[0], step.source))
        break
      default:
        if (blocks.length > 0) history.chain(blocks[step.block % blocks.length]!, step.confirmations)
    }
  }
  return history
}

const sum = (values: Iterable<bigint>) => [...values].reduce((a, b) => a + b, 0n)

describe('whatever happens to a pool', () => {
  const anyHistory = [fc.array(anyStep, { minLength: 5, maxLength: 120 }), anySettings] as const

  test('every block closes: what it paid is what it earned, and the fee is exact', () => {
    fc.assert(
      fc.property(...anyHistory, (steps, settings) => {
        const { ledger } = play(steps, settings)
        for (const { booking } of ledger.blocks()) {
          expect(sum(booking.paid.values()) + booking.outside).toBe(booking.total)
          expect(sum(changes(booking).values())).toBe(0n)
          expect(booking.earned.get(POOL)).toBe(booking.fee)
        }
        expect(sum(ledger.balances().map(([, balance]) => balance))).toBe(0n)
      }),
      { numRuns: 300 },
    )
  })

  test('reading the journal again makes the same books, bit by bit', () => {
    fc.assert(
      fc.property(...anyHistory, (steps, settings) => {
        const { ledger, records } = play(steps, settings)
        expect(replay(records, settings).state).toEqual(ledger.state)
      }),
      { numRuns: 100 },
    )
  })

  test('entries that come twice change nothing, and one that comes too early is not taken', () => {
    fc.assert(
      fc.property(...anyHistory, fc.nat(), (steps, settings, place) => {
        const { ledger, records } = play(steps, settings)
        const { state } = ledger
        const sequence = place % records.length
        expect(ledger.handle({ node: 0, entry: { sequence, record: records[sequence]! } })).toEqual([])
        const early = { sequence: records.length + 1, record: records[sequence]! }
        expect(ledger.handle({ node: 0, entry: early })).toEqual([
          { kind: 'gap', node: 0, expected: records.length, sequence: records.length + 1 },
        ])
        expect(ledger.state).toEqual(state)
      }),
      { numRuns: 50 },
    )
  })

  test('a distribution splits just the value of a coinbase, and the pool is always in it', () => {
    fc.assert(
      fc.property(...anyHistory, (steps, settings) => {
        const { facts } = play(steps, settings)
        for (const fact of facts) {
          if (fact.kind !== 'distribution') continue
          const { pool, payouts } = fact.distribution
          expect(pool.weight).toBeGreaterThan(0n)
          expect(payouts.length).toBeLessThanOrEqual(settings.maxPayouts ?? 500)
          for (const { weight } of payouts) expect(weight).toBeGreaterThan(0n)
        }
      }),
      { numRuns: 100 },
    )
  })
})
