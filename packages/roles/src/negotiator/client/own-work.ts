import type { SplitCoinbase, TxOutput } from '@sv2/bitcoin'
import type { NewTemplate, PushSolution } from '@sv2/messages'
import type { SentShare } from '../../client/sent-shares.ts'
import type { UpstreamChannel } from '../../client/upstream-channel.ts'
import type { CustomCoinbase } from '../../custom-jobs/custom-coinbase.ts'
import type { Millis } from '../../ground/role.ts'
import type { Job, Tip } from '../../mining/channel/job.ts'
import type { GrantedToken } from './granted-token.ts'

/** How far a pool's agreement to a job of ours is. */
export type WorkStage =
  /** A token is missing. */
  | 'token'
  /** The transactions have been asked for. */
  | 'transactions'
  /** The server is asked to agree. */
  | 'proposed'
  /** The pool is asked for a job id. */
  | 'set'
  /** The pool pays for it. */
  | 'acknowledged'
  /** It will never be, or is not worth anything any more. */
  | 'over'

/** Transactions of a template, in its order. */
export interface TemplateTransactions {
  readonly list: readonly Uint8Array[]
  readonly excessData: Uint8Array
}

/** Work that miners are given: made from a template of ours, for a pool or for ourselves, or a job of a pool's own. */
export interface MinedWork {
  /** Undefined: the job is the pool's own. */
  readonly template: NewTemplate | undefined
  readonly version: number
  readonly versionRollingAllowed: boolean
  readonly merklePath: readonly Uint8Array[]
  readonly tip: Tip
  readonly channel: UpstreamChannel | undefined
  /** What the pool has fixed of it; empty for ourselves. */
  readonly upstreamPrefix: Uint8Array
  /** Bytes behind that which tell repetitions apart. */
  readonly spare: number
  /** The coinbase in halves; undefined as long as only the pool knows it. */
  readonly whole: { readonly cut: SplitCoinbase } | undefined
  /** The first job made of it, and how often it was repeated. */
  job: Job | undefined
  repeated: number
  readonly since: Millis
}

/** Work made from one template of ours, for a pool or for ourselves. */
export interface OwnWork extends MinedWork {
  readonly template: NewTemplate
  /** scriptSig up to the extranonce. */
  readonly scriptPrefix: Uint8Array
  /** Our outputs and the template's. */
  readonly clientOutputs: readonly TxOutput[]
  /** Satoshi that these leave. */
  readonly valueRemaining: bigint
  /** All bytes of the extranonce. */
  readonly extranonceSize: number
  whole: { readonly coinbase: CustomCoinbase; readonly cut: SplitCoinbase } | undefined
}

/** A share that waits for the pool's number of its job. */
export interface WaitingShare {
  readonly share: SentShare
  /** Spare bytes of its job. */
  readonly spare: Uint8Array
  readonly hash: Uint8Array
}

/** Work that a pool pays for, or is to. */
export interface PaidWork extends MinedWork {
  readonly channel: UpstreamChannel
  stage: WorkStage
  /** The pool's number of the job. */
  jobId: number | undefined
  /** Place of the pool's consent among jobs and levels: the level of that moment is what the pool pays for. */
  agreedAt: number
  /** Shares found before the pool had a number for it, with the spare bytes of their job. */
  readonly waiting: WaitingShare[]
}

/** Work of ours that a pool is to pay for. */
export interface PoolWork extends OwnWork, PaidWork {
  readonly template: NewTemplate
  readonly channel: UpstreamChannel
  whole: OwnWork['whole']
  /** Since when it is there. */
  stageSince: Millis
  token: GrantedToken | undefined
  transactions: TemplateTransactions | undefined
  /** The payout distribution that its coinbase follows; undefined where tokens say who is paid. */
  readonly distributionId: bigint | undefined
  /** The server's answer bears this id. */
  proposalId: number | undefined
  /** The pool's answer bears this id. */
  requestId: number | undefined
  /** A server has to agree to it yet, though the pool has taken it. */
  awaitsServer: boolean
  /** A server was told of it and has not refused it: it can make blocks of it. */
  isAtServer: boolean
  /** Solutions that no server could make blocks of yet. */
  readonly untold: PushSolution[]
  /** How many solutions came before a server agreed to it. */
  early: number
  /** Refusals so far. */
  refusals: number
  /** When it is proposed again. */
  retryAt: Millis
}

/** Goes on to another stage. */
export function enter(work: PoolWork, stage: WorkStage, now: Millis): void {
  work.stage = stage
  work.stageSince = now
}
