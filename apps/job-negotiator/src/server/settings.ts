import { addressToScript } from '@sv2/bitcoin'
import type { NegotiatorServerSettings } from '@sv2/roles/negotiator'
import type { JobNegotiatorServerConfig } from './config.ts'

/** Who is paid, as the role is told. */
export function payoutSettings({
  payout,
  network,
}: Pick<JobNegotiatorServerConfig, 'payout' | 'network'>): NegotiatorServerSettings['payout'] {
  // payouts are counted where jobs are made, in the pool
  if (payout.mode === 'solo') return { mode: 'solo', network, maxPayouts: Number.MAX_SAFE_INTEGER }
  const script = addressToScript(payout.address ?? '', network)
  // how long coinbases may be, and whether names are accounts, is the pool's to know
  if (payout.mode === 'shared')
    return { mode: 'shared', network, poolScript: script, classes: [], takesNames: true }
  return { mode: 'pool', script }
}
