import type { TokenMac } from '../../custom-jobs/token.ts'
import type { PayoutSettings } from '../../mining/identity.ts'
import type { TransactionHashes } from './known-transaction.ts'

/** How much clients may ask of a server. */
export interface ServerLimits {
  /** Tokens of one connection in a minute; as many at once. */
  readonly tokensPerMinute: number
  /** Tokens of all connections in a minute. */
  readonly tokensPerMinuteInAll: number
  /** Token requests of one connection that may wait for their turn; one more closes it. */
  readonly waitingTokens: number
  /** Jobs that one connection may propose in a minute. */
  readonly proposalsPerMinute: number
  /** Jobs of one connection that are not decided yet. */
  readonly pendingPerClient: number
  /** Jobs of all connections that are not decided yet. */
  readonly pendingInAll: number
  /** Bytes of transactions that clients have provided for jobs not decided yet. */
  readonly pendingBytes: number
  /** Blocks that the node checks at one time. */
  readonly atNode: number
  /** Time for a client to provide what is missing, ms. */
  readonly provideWithinMs: number
  /** Accepted jobs kept for solutions. */
  readonly keptJobs: number
  /** Solutions that fit no job, of one connection in a minute; one more closes it. */
  readonly failedSolutionsPerMinute: number
}

/** How a job negotiator server behaves. */
export interface NegotiatorServerSettings {
  readonly payout: PayoutSettings
  /** Scripts of outputs of no value that every coinbase has to hold besides the payout. */
  readonly furtherOutputs: readonly Uint8Array[]
  /** Clients that reveal no transactions are refused (JDS-12). */
  readonly fullTemplateRequired: boolean
  /** Tokens of the commit dialogue may be used before the job is committed. */
  readonly asyncMining: boolean
  readonly tokenValidSeconds: number
  readonly limits: ServerLimits
  /** What is kept of transactions that the node knows. */
  readonly cache: { readonly bytes: number; readonly transactions: number }
}

/** What a server is given to work with. */
export interface NegotiatorServerDeps extends TransactionHashes {
  /** With the key that the pool has too. */
  readonly mac: TokenMac
  readonly randomBytes: (size: number) => Uint8Array
}
