import type { Coin } from './coins.ts'
import type { LoadedTransaction } from './loaded-transaction.ts'

/** A transaction that waits for a block. */
export type MempoolEntry = {
  readonly loaded: LoadedTransaction
  /** What its inputs spend, in their order. */
  readonly coins: readonly Coin[]
  /** In satoshi. */
  readonly fee: bigint
  readonly sigopsCost: number
  /** Unix seconds of its arrival. */
  readonly time: number
  /** Height of the tip when it came. */
  readonly height: number
  /** Ids of waiting transactions it spends from. */
  readonly parents: ReadonlySet<string>
}
