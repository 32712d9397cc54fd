import type { TemplateFact } from '../../client/template-feed.ts'
import type { MinersFact } from '../../mining/miners/facts.ts'
import type { DialCommand, UpstreamWorkFact } from '../../work/facts.ts'
import type { PairEvent, PairState } from './pair-machine.ts'
import type { PairPort } from './pair-port.ts'

/** What happened in the negotiator client. */
export type JobClientFact =
  | MinersFact
  | TemplateFact
  | DialCommand<PairPort>
  | Extract<
      UpstreamWorkFact,
      {
        kind:
          | 'termsChanged'
          | 'shareSent'
          | 'sharesAcknowledgedAbove'
          | 'shareRefusedAbove'
          | 'sharesUnanswered'
          | 'upstreamMessageIgnored'
      }
    >
  /** A pool and its server went from one state to another. */
  | {
      readonly kind: 'pairChanged'
      readonly place: number
      readonly name: string
      readonly from: PairState
      readonly to: PairState
      readonly event: PairEvent
      /** In words, for events that are faults; empty for others. */
      readonly reason: string
    }
  /** From now on miners work for this pool; undefined: for ourselves. */
  | {
      readonly kind: 'workFrom'
      readonly place: number | undefined
      readonly name: string
      readonly reason: string
    }
  /** Our template provider was away for too long: so many connections were sent elsewhere. */
  | { readonly kind: 'workTooOld'; readonly connections: number }
  /** Our own node is behind: miners work on the pool's own jobs (true), or it has caught up (false). */
  | { readonly kind: 'nodeLags'; readonly place: number; readonly name: string; readonly lags: boolean }
  /** A pool gives us no jobs of its own: while our own node lags, there is nothing else to mine for it. */
  | {
      readonly kind: 'offersUnavailable'
      readonly place: number
      readonly name: string
      readonly reason: string
    }
  | { readonly kind: 'newTip'; readonly prevHash: string; readonly networkDifficulty: number }
  | { readonly kind: 'jobProposed'; readonly place: number; readonly transactions: number }
  | {
      readonly kind: 'jobAcknowledged'
      readonly place: number
      /** The pool's number. */
      readonly jobId: number
      /** Since the work was given to the miners, or asked for. */
      readonly afterMs: number
      /** Shares that had waited for it. */
      readonly waiting: number
    }
  | {
      readonly kind: 'jobRefused'
      readonly place: number
      readonly code: string
      readonly detail: string
      /** It is proposed again. */
      readonly again: boolean
    }
  /** Shares of a job that is not acknowledged any more, and never was. */
  | { readonly kind: 'sharesDropped'; readonly place: number; readonly count: number }
  | {
      readonly kind: 'blockFound'
      readonly session: number
      readonly channelId: number
      readonly user: string
      readonly worker: string
      /** Address and port of the miner; the driver adds it, roles do not know it. */
      readonly remote?: string
      /** Display order, hex. */
      readonly hash: string
      /** Undefined: the job was the pool's own. */
      readonly templateId: bigint | undefined
      /** The pool that the job was for; undefined: for ourselves. */
      readonly place: number | undefined
    }
  | {
      readonly kind: 'prefixNotRenewed'
      readonly session: number
      readonly channelId: number
      readonly reason: string
    }
