import { type AccountKey, POOL } from '@sv2/roles/ledger'
import type { StoredWork } from './ledger-store.ts'

/** Work of all workers of an account together, in a span of time. */
export type TotalWork = Omit<StoredWork, 'worker'>

/** The sums of each account, and under `pool` those of all: a farm may have ten thousand workers, and a page is not to add them up. */
export function totalsOf(work: readonly StoredWork[]): TotalWork[] {
  const totals = new Map<string, TotalWork>()
  const add = (account: AccountKey, { start, shares, work: hashes }: StoredWork): void => {
    const key = `${start}/${account}`
    const known = totals.get(key)
    totals.set(key, {
      account,
      start,
      shares: (known?.shares ?? 0) + shares,
      work: (known?.work ?? 0n) + hashes,
    })
  }
  for (const one of work) {
    add(one.account, one)
    add(POOL, one)
  }
  return [...totals.values()]
}
