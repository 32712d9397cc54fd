import type { Condition } from '../notices/notice.ts'
import type { LedgerNumbers } from './ledger-messages.ts'

/** Shares that wait so long for the disk are told of, ms. */
const JOURNAL_LAG_MS = 5_000
/** What holds at so many looks is told of: a minute. Counted, since clocks jump. */
const LOOKS = 4

/** The journal and the ledger of a pool, as they are watched. */
export interface WatchedBooks {
  readonly journal: { readonly lagMs: number; readonly isFailing: boolean; readonly flushed: number }
  /** Undefined where no ledger is kept. */
  readonly ledger: { readonly numbers: LedgerNumbers | undefined } | undefined
}

/** Finds what is wrong with the books of a pool, for notices. */
export class BooksWatch {
  readonly #books: WatchedBooks
  /** Looks at which something held, by its name. */
  readonly #looks = new Map<string, number>()
  #read = 0

  constructor(books: WatchedBooks) {
    this.#books = books
  }

  /** All that holds now; asked for at even times. */
  conditions(): Condition[] {
    return [...this.#journal(), ...this.#ledger(), ...this.#node()]
  }

  *#journal(): Iterable<Condition> {
    const { isFailing, lagMs } = this.#books.journal
    if (isFailing)
      yield {
        kind: 'journalLag',
        about: 'refused',
        text: 'the disk refuses the journal: good shares are refused',
      }
    else if (lagMs >= JOURNAL_LAG_MS)
      yield {
        kind: 'journalLag',
        about: 'disk',
        text: 'the disk is slow: shares wait for their acknowledgement',
      }
  }

  /** It reads nothing, and there is something to read. */
  *#ledger(): Iterable<Condition> {
    if (this.#books.ledger === undefined) return
    const read = this.#books.ledger.numbers?.sequence ?? 0
    const isStuck = read < this.#books.journal.flushed && read <= this.#read
    this.#read = read
    if (this.#hasHeld('ledger', isStuck))
      yield {
        kind: 'journalLag',
        about: 'ledger',
        text: 'the ledger does not read the journal: miners are paid by an old distribution',
      }
  }

  *#node(): Iterable<Condition> {
    const numbers = this.#books.ledger?.numbers
    if (this.#hasHeld('node', (numbers?.nodeBehind ?? 0) > 0))
      yield {
        kind: 'nodeBehind',
        about: 'headers',
        text: 'the node of the ledger lacks blocks that it has the headers of',
      }
    if (this.#hasHeld('away', numbers?.isNodeAway === true))
      yield { kind: 'nodeBehind', about: 'away', text: 'no node says what became of our blocks' }
  }

  #hasHeld(name: string, holds: boolean): boolean {
    const looks = holds ? (this.#looks.get(name) ?? 0) + 1 : 0
    this.#looks.set(name, looks)
    return looks >= LOOKS
  }
}
