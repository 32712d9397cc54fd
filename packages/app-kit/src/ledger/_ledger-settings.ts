import type { LedgerSettings } from '@sv2/roles/ledger'

/** Terms of a pool of tests: pplns without a fee. */
export const SETTINGS: LedgerSettings = {
  network: 'regtest',
  scheme: { scheme: 'pplns', window: 8n << 40n },
  feePpm: 0n,
  poolScript: Uint8Array.of(0x51),
  dustLimit: 546,
  maxPayouts: 10,
  refreshMs: 1000,
  confirmations: 6,
}
