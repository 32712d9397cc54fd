import { restoreLedger } from '@sv2/app-kit'
import type { booksSettings } from '@sv2/pool'
import { type AccountKey, type Ledger, POOL } from '@sv2/roles/ledger'

/** Where the books of a pool are, by its own configuration. */
export type BooksSettings = ReturnType<typeof booksSettings>

/** Books of a pool, as far as its journal is on disk. */
export interface ReadBooks {
  readonly ledger: Ledger
  readonly records: number
  /** Address or name of an account. */
  readonly nameOf: (account: AccountKey) => string
}

/** Reads a journal to its end, from the newest snapshot of its books on. The pool may run meanwhile. */
export function readBooks({ folder, node, ledger: settings }: BooksSettings): ReadBooks {
  const { ledger, tail } = restoreLedger({ folder, node, settings })
  for (const { sequence, record } of tail.read()) ledger.handle({ node, entry: { sequence, record } })
  tail.close()
  return {
    ledger,
    records: ledger.cursor(node),
    nameOf: (account) => (account === POOL ? POOL : (ledger.accounts.nameOf(account) ?? account)),
  }
}
