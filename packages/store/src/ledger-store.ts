import type { AccountKey, BlockState } from '@sv2/roles/ledger'

/** What the ledger's tables are brought up to date with: all that records of one node changed, in one transaction. */
export interface StoreBatch {
  readonly node: number
  /** Sequence of the first record in it, and of the first behind it. */
  readonly from: number
  readonly next: number
  readonly accounts: readonly { readonly key: AccountKey; readonly name: string }[]
  /** New blocks, and those whose state changed. */
  readonly blocks: readonly StoredBlock[]
  /** All balances that are not 0; undefined: none has changed. */
  readonly balances: readonly (readonly [AccountKey, bigint])[] | undefined
  readonly work: readonly StoredWork[]
}

/** A block of ours, with what it paid and what was earned by it. Satoshi. */
export interface StoredBlock {
  readonly hash: string
  readonly height: number
  /** Unix ms. */
  readonly time: number
  readonly state: BlockState
  readonly confirmations: number
  readonly distributionId: bigint
  readonly finder: AccountKey | undefined
  readonly worker: string
  readonly total: bigint
  readonly fee: bigint
  readonly outside: bigint
  readonly parts: readonly { readonly account: AccountKey; readonly earned: bigint; readonly paid: bigint }[]
}

/** Work of a worker in a span of time: added to what is there. */
export interface StoredWork {
  readonly account: AccountKey
  readonly worker: string
  /** Unix ms, a multiple of the span. */
  readonly start: number
  readonly shares: number
  /** Hashes. */
  readonly work: bigint
}

/** Length of the spans that work is kept in: ten minutes, rolled up to an hour, then to a day. ms. */
export const SPANS = { tenMinutes: 600_000, hour: 3_600_000, day: 86_400_000 } as const

/** How old work is when it is rolled up into the next longer span, ms. */
export const KEPT = { tenMinutes: 2 * SPANS.day, hour: 60 * SPANS.day } as const

export interface WorkQuery {
  /** All accounts together when missing. */
  readonly account?: AccountKey | undefined
  /** Of the account; all workers together when missing. */
  readonly worker?: string | undefined
  /** Unix ms; the second is not included. */
  readonly from: number
  readonly to: number
}

export interface WorkPoint {
  readonly start: number
  /** ms. */
  readonly span: number
  readonly shares: number
  readonly work: bigint
}

export interface EarningsQuery {
  readonly account: AccountKey
  readonly limit: number
  /** The last one of the page before. */
  readonly after?: Pick<StoredEarning, 'time' | 'hash'> | undefined
}

export interface StoredEarning {
  readonly hash: string
  readonly height: number
  readonly time: number
  readonly state: BlockState
  readonly earned: bigint
  readonly paid: bigint
}

/**
 * Tables that are made from the journal and can be thrown away: what pages show that reach further back than memory. It is never
 * asked what is true.
 */
export interface LedgerStore {
  /** Sequence of the next record that is wanted of a node; 0 when nothing of it was applied. */
  cursor(node: number): Promise<number>
  /** @throws {StoreOrderError} when the batch does not begin where the store ends */
  apply(batch: StoreBatch): Promise<void>
  /** By start. */
  work(query: WorkQuery): Promise<WorkPoint[]>
  /** The newest first, by hash where the time is the same. */
  earnings(query: EarningsQuery): Promise<StoredEarning[]>
  balances(): Promise<(readonly [AccountKey, bigint])[]>
  /** Rolls up what is old. @param now unix ms */
  rollUp(now: number): Promise<void>
  /** Throws everything away, to be made again. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** A batch that does not begin where the store ends. */
export class StoreOrderError extends Error {
  override readonly name = 'StoreOrderError'
}
