import type { SessionEffect, SessionId } from '../../ground/role.ts'
import type { ForgetJob, KeptJob } from './kept-jobs.ts'

/** What a client may propose. */
export type ClientMode = 'full-template' | 'coinbase-only' | 'commit'

/** What happened in a job negotiator server. */
export type ServerFact =
  | {
      readonly kind: 'clientConnected'
      readonly session: SessionId
      readonly vendor: string
      readonly firmware: string
      readonly mode: ClientMode
    }
  | { readonly kind: 'clientDisconnected'; readonly session: SessionId }
  | {
      readonly kind: 'setupRefused'
      readonly session: SessionId
      readonly code: string
      readonly flags: number
    }
  /** `waitedMs`: how long the budget held the answer back. */
  | { readonly kind: 'tokenGiven'; readonly session: SessionId; readonly waitedMs: number }
  | {
      readonly kind: 'tokenRefused'
      readonly session: SessionId
      readonly code: string
      readonly detail: string
    }
  | { readonly kind: 'transactionsRequested'; readonly session: SessionId; readonly count: number }
  | {
      readonly kind: 'jobAccepted'
      readonly session: SessionId
      readonly height: number
      readonly transactions: number
      /** Satoshi to the payout output, or to all that a payout distribution names. */
      readonly payout: bigint
    }
  | {
      readonly kind: 'jobRefused'
      readonly session: SessionId
      readonly code: string
      readonly detail: string
    }
  | { readonly kind: 'solutionRefused'; readonly session: SessionId | undefined; readonly reason: string }
  | { readonly kind: 'newTip'; readonly height: number; readonly prevHash: string }
  | { readonly kind: 'peerMisbehaved'; readonly session: SessionId; readonly reason: string }

/** A block for the node to check without its proof of work; the verdict comes back as `proposalChecked`. */
export interface ProposeBlock {
  readonly kind: 'proposeBlock'
  readonly proposalId: number
  /** Full serialization. */
  readonly block: Uint8Array
}

/** A block of a miner's own job, to keep on disk and submit to every node. */
export interface SubmitJobBlock {
  readonly kind: 'submitBlock'
  /** Display order, hex. */
  readonly hash: string
  readonly height: number
  /** Who told of it; undefined: the pool in the same process. */
  readonly session: SessionId | undefined
  /** Full serialization. */
  readonly block: Uint8Array
}

/** An accepted job for the disk, before it is acknowledged; `jobKept` says when it is there. */
export interface KeepJob {
  readonly kind: 'keepJob'
  readonly proposalId: number
  readonly job: KeptJob
}

export type ServerEffect = SessionEffect | ServerFact | ProposeBlock | KeepJob | ForgetJob | SubmitJobBlock
