import { Ledger, type LedgerSnapshot } from '@sv2/roles/ledger'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SETTINGS } from './_history.ts'
import { anySettings } from './_settings.ts'
import { anyStep, play } from './_steps.ts'

/** As a file has it. */
const written = (snapshot: LedgerSnapshot): LedgerSnapshot => JSON.parse(JSON.stringify(snapshot))

test('a ledger that goes on from a snapshot, taken anywhere, makes the same books bit by bit', () => {
  const anyHistory = [fc.array(anyStep, { minLength: 5, maxLength: 120 }), anySettings] as const
  fc.assert(
    fc.property(...anyHistory, fc.nat(), fc.nat(), (steps, settings, place, other) => {
      const { records, ledger, facts } = play(steps, settings)
      const places = new Set([place % records.length, other % records.length])
      let again = new Ledger({ ...SETTINGS, ...settings })
      const told = records.flatMap((record, sequence) => {
        // the terms of the start are those of the snapshot, not those that it is opened with
        if (places.has(sequence)) again = new Ledger(SETTINGS, written(again.snapshot))
        return [...again.handle({ node: 0, entry: { sequence, record } })]
      })
      expect(told).toEqual(facts)
      expect(again.state).toEqual(ledger.state)
      expect(again.snapshot).toEqual(ledger.snapshot)
      expect(again.distribution).toEqual(ledger.distribution)
    }),
    { numRuns: 300 },
  )
})

test('a snapshot of a ledger that has read nothing is one too', () => {
  const ledger = new Ledger(SETTINGS)
  expect(new Ledger(SETTINGS, written(ledger.snapshot)).snapshot).toEqual(ledger.snapshot)
  expect(ledger.distribution).toBeUndefined()
})
