import type { LedgerSettings } from '@sv2/roles/ledger'
import fc from 'fast-check'
import { keyOf } from './_history.ts'

/** Any scheme, fee and limits of a pool. */
export const anySettings: fc.Arbitrary<Partial<LedgerSettings>> = fc.record({
  feePpm: fc.constantFrom(0n, 20_000n, 100_000n),
  dustLimit: fc.constantFrom(0, 294, 100_000_000),
  maxPayouts: fc.constantFrom(1, 3, 500),
  scheme: fc.constantFrom<LedgerSettings['scheme']>(
    { scheme: 'pplns', window: 8n << 40n },
    { scheme: 'pplns', window: 1n << 39n },
    { scheme: 'slice', window: 2n << 40n },
    { scheme: 'round' },
    { scheme: 'fpps', feeBlocks: 0 },
    { scheme: 'fpps', feeBlocks: 3 },
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
