import type { z } from 'zod'
import type { block, books, distribution, earning } from './shapes.ts'

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

/** What an account is owed, and earned by each block, the newest first. */
export interface AccountBooks {
  readonly books: z.output<typeof books>
  readonly earnings: readonly z.output<typeof earning>[]
}

/** What the ledger answers, in the words of the API. Wherever it runs: asking it never holds up the role. */
export interface LedgerView {
  /** Undefined for an account that it never heard of. */
  account(name: string): Promise<AccountBooks | undefined>
  /** The newest first. */
  blocks(page: PageRequest): Promise<Page<z.output<typeof block>>>
  /** Undefined before the first one. */
  distribution(): Promise<z.output<typeof distribution> | undefined>
}
