import type { Network } from '@sv2/bitcoin'
import type { AccountKey } from './split-exactly.ts'

/** How the reward of a block is split among miners. */
export type SchemeSettings =
  /** The finder of a block gets it, less the fee. */
  | { readonly scheme: 'solo' }
  /** Fixed parts. */
  | { readonly scheme: 'group'; readonly parts: ReadonlyMap<AccountKey, bigint> }
  /** By work since the last block. */
  | { readonly scheme: 'round' }
  /** By work in the last so many expected blocks. */
  | { readonly scheme: 'pplns'; readonly window: bigint }
  /** As pplns; of a miner's own job, fees count as far as the job has them. */
  | { readonly scheme: 'slice'; readonly window: bigint }
  /**
   * Each share is paid its expected value at once; the pool keeps the blocks and bears the risk. Fees are the average of so many
   * blocks before; 0: those of the present template.
   */
  | { readonly scheme: 'fpps'; readonly feeBlocks: number }

export interface LedgerSettings {
  readonly network: Network
  readonly scheme: SchemeSettings
  /** The pool's fee, parts of a million. */
  readonly feePpm: bigint
  /** Output script of the pool: its fee, and what it holds for miners that a coinbase does not list. */
  readonly poolScript: Uint8Array
  /** Scripts of outputs without value that every coinbase has behind those of the miners; none when missing. */
  readonly additionalScripts?: readonly Uint8Array[]
  /** Less than this is not paid in a coinbase, satoshi. */
  readonly dustLimit: number
  /** Miners that a coinbase lists at most. */
  readonly maxPayouts: number
  /** A distribution is made no more often than this, ms, but for tips and blocks. */
  readonly refreshMs: number
  /** Confirmations after which a block counts for good. */
  readonly confirmations: number
}
