import { changes, POOL } from '@sv2/roles/ledger'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { History, replay } from './_history.ts'
import { anySettings } from './_settings.ts'
import { anyStep, play } from './_steps.ts'

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

  test('who asks for weights in between changes nothing', () => {
    fc.assert(
      fc.property(...anyHistory, (steps, settings) => {
        const { ledger, records } = play(steps, settings)
        const asked = new History(settings)
        for (const record of records) {
          asked.write(record)
          asked.ledger.weights()
        }
        expect(asked.ledger.state).toEqual(ledger.state)
      }),
      { numRuns: 200 },
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
