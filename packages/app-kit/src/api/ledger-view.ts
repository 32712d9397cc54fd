import type { z } from 'zod'
import type { balance, block, books, distribution, earning, history } from './shapes.ts'

/** A page that is asked for. */
export interface PageRequest {
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor?: string | undefined
}

/** A part of a list, and where the next one begins; null at the end. */
export interface Page<Item> {
  readonly items: Item[]
  readonly next: string | null
}

/** Whose hash rate is asked for, and over what time. */
export interface HistoryRequest {
  /** All accounts when missing. */
  readonly account?: string | undefined
  /** All workers of the account when missing. */
  readonly worker?: string | undefined
  readonly span: 'day' | 'month' | 'year'
}

/** What an account is owed, and earned by each block, the newest first. */
export interface AccountBooks {
  readonly books: z.output<typeof books>
  readonly earnings: readonly z.output<typeof earning>[]
}

/** What the ledger answers, in the words of the API. Wherever it runs: asking it never holds up the role. */
export interface LedgerView {
  /** Undefined for an account that it never heard of. */
  account(name: string): Promise<AccountBooks | undefined>
  /** By its tables; undefined where they are away, or know nothing of it. @param now unix ms */
  history(of: HistoryRequest, now: number): Promise<z.output<typeof history> | undefined>
  /** By its tables, the newest first; undefined as above. */
  earnings(
    account: string,
    page: PageRequest,
  ): Promise<(Page<z.output<typeof earning>> & { readonly as_of: number }) | undefined>
  /** The newest first. */
  blocks(page: PageRequest): Promise<Page<z.output<typeof block>>>
  /** Those that are not 0, by the key of the account. */
  balances(page: PageRequest): Promise<Page<z.output<typeof balance>>>
  /** Undefined before the first one. */
  distribution(): Promise<z.output<typeof distribution> | undefined>
}
