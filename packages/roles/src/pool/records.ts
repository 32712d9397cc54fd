import type { Channel } from '../mining/channel/channel.ts'
import type { Level } from '../mining/channel/difficulty.ts'
import type { Job, Tip } from '../mining/channel/job.ts'
import { fullExtranonce, type GoodShare, type Share } from '../mining/channel/judge.ts'

/** What a share is made of, as far as it has to be proven later. */
export interface ProvenShare {
  /** The account, as its identity names it. */
  readonly user: string
  /** The worker's name; empty when there is none. */
  readonly worker: string
  readonly job: Job
  /** What the job builds on. */
  readonly tip: Tip
  /** The level it is credited at. */
  readonly level: Level
  /** Whole extranonce, as it stands in the coinbase. */
  readonly extranonce: Uint8Array
  /** Header fields that the job does not say. */
  readonly version: number
  readonly merkleRoot: Uint8Array
  readonly ntime: number
  readonly nonce: number
}

/** What has to be written into the journal, in this order. */
export type RecordEffect =
  /** A share: the event `recorded` counts it when it is on disk, and then it is acknowledged. */
  | { readonly kind: 'recordShare'; readonly share: ProvenShare }
  /** A block of ours. Nothing waits for this record. */
  | { readonly kind: 'recordBlock'; readonly share: ProvenShare; readonly hash: Uint8Array }
  /** Work on another tip began. */
  | { readonly kind: 'recordTip'; readonly tip: Tip; readonly height: number }

/** What the journal's writer tells the pool. */
export type RecordEvent =
  /** So many more shares are on disk: the oldest that were not. */
  | { readonly kind: 'recorded'; readonly shares: number }
  /** The disk refuses: no share that waits for it will be on it. */
  | { readonly kind: 'recordingFailed' }
  | { readonly kind: 'recordingResumed' }

/** A share with everything that its proof needs. */
export function provenShare(channel: Channel, share: Share, good: GoodShare): ProvenShare {
  const { job, level, merkleRoot } = good
  if (job.tip === undefined) throw new RangeError(`a share of job ${job.jobId}, which has no tip`)
  const named = share.type === 'SubmitSharesExtended' ? share.userIdentity : undefined
  return {
    user: channel.user,
    worker: named ?? channel.worker,
    job,
    tip: job.tip,
    level,
    extranonce: fullExtranonce(channel, job, share),
    version: share.version,
    merkleRoot,
    ntime: share.ntime,
    nonce: share.nonce,
  }
}
