import type { booksSettings } from '@sv2/pool'
import { type AccountKey, Ledger, POOL } from '@sv2/roles/ledger'
import { JournalTail } from '@sv2/runtime/journal'

/** Where the books of a pool are, by its own configuration. */
export type BooksSettings = ReturnType<typeof booksSettings>

/** Books of a pool, as far as its journal is on disk. */
export interface ReadBooks {
  readonly ledger: Ledger
  readonly records: number
  /** Address or name of an account. */
  readonly nameOf: (account: AccountKey) => string
}

/** Reads a journal from its front to its end. The pool may run meanwhile. */
export function readBooks({ folder, node, ledger: settings }: BooksSettings): ReadBooks {
  const ledger = new Ledger(settings)
  const tail = new JournalTail(folder)
  for (const { sequence, record } of tail.read()) ledger.handle({ node, entry: { sequence, record } })
  tail.close()
  return {
    ledger,
    records: tail.sequence,
    nameOf: (account) => (account === POOL ? POOL : (ledger.accounts.nameOf(account) ?? account)),
  }
}
