import type { ErrorCode, SetCustomMiningJob } from '@sv2/messages'
import type { SessionId } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import type { CustomTerms } from '../channel/custom-book.ts'
import type { Job, Tip } from '../channel/job.ts'
import type { Jobs } from '../channel/jobs.ts'
import type { GoodShare, Share, ShareErrorCode } from '../channel/judge.ts'

/** What the node above the miners decides: accounts, and work. */
export interface WorkSource {
  /** On what terms devices may mine here; undefined while that is not known, and clients wait for their answer. */
  terms(): WorkTerms | undefined
  /** The jobs an identity works on, or why it is refused; `later` when `Miners.resume` will ask again. */
  bookFor(request: WorkRequest): Assignment | Refusal | 'later'
  /** The last channel left the book: no job of it is needed any more. */
  released(book: Jobs): void
  /** A job of the present tip for single channels, no older than a moment; undefined before the first tip. */
  extraJob(book: Jobs): Job | undefined
  /**
   * A share was found good. Answers who acknowledges it: `credited` at once; `pending` when the source says later
   * what became of it (`Miners.settle`); `queued` when it says so of all shares in the order in which they came
   * (`Miners.settleNext`); a code when the source has no use for it after all.
   */
  accepted(channel: Channel, share: Share, good: GoodShare): ShareOutcome
  /** Extensions were agreed on with a client, which knows it by now. */
  agreed?: ((session: SessionId, extensions: readonly number[]) => void) | undefined
  /**
   * A client's own job: taken, refused with a code, or `later` when it builds on a tip that is not known yet. A source
   * without this takes none.
   */
  customJob?: ((request: CustomJobRequest) => CustomJob | { readonly code: string } | 'later') | undefined
}

/** A client that brings a job. */
export interface CustomJobRequest {
  /** As it came; its bytes are the network's. */
  readonly job: SetCustomMiningJob
  /** Who is to mine it: one extended channel at least, all with whole extranonces of one length. */
  readonly channels: readonly Channel[]
  /** Extension 0x0003 is agreed on with its client: jobs may follow payout distributions. */
  readonly takesDistributions: boolean
}

/** A client's job that was taken. It owns its bytes. */
export interface CustomJob
  extends CustomTerms,
    Pick<
      Job,
      | 'jobId'
      | 'version'
      | 'versionRollingAllowed'
      | 'merklePath'
      | 'coinbaseTxPrefix'
      | 'coinbaseTxSuffix'
      | 'rewardShare'
      | 'reward'
      | 'isUnchecked'
    > {
  /** What it builds on; its `minNtime` is the job's. */
  readonly tip: Tip
}

/** See `WorkSource.accepted`. */
export type ShareOutcome = 'credited' | 'pending' | 'queued' | { readonly code: ShareErrorCode }

/** What holds for all work of a source. */
export interface WorkTerms {
  /** Header version bits that devices may roll; a client that would roll others is told REQUIRES_FIXED_VERSION. */
  readonly versionRollingMask: number
}

/** A client that wants a channel. */
export interface WorkRequest {
  readonly session: SessionId
  readonly requestId: number
  readonly identity: string
  /** H/s, as declared. */
  readonly nominalHashrate: number
  /** Bytes of extranonce that the client wants to roll, at least; 0 for a standard channel. */
  readonly minExtranonceSize: number
  /** Bytes there may be at most behind the fixed part. */
  readonly maxExtranonceSize: number
  /** Bytes of extranonce that are fixed per channel. */
  readonly leaseSize: number
  /** It brings its own jobs and is sent none. */
  readonly requiresWorkSelection: boolean
  /** Whose limits it counts against; undefined where none hold. */
  readonly address?: string | undefined
  /** The longest coinbase that the client is sent, bytes; undefined where no limit holds, or it sees merkle roots only. */
  readonly maxCoinbaseBytes?: number | undefined
  /** Blocks of the client pay their finder, whatever other clients are paid by. */
  readonly isSolo?: boolean | undefined
}

/** Codes of OpenMiningChannel.Error that no published list has, and what they mean (ERR-05). */
export const OWN_OPEN_CODES = {
  'channel-capacity-exhausted':
    'this node, or this connection, has no room for another channel or payout now',
  'standard-channels-not-supported':
    'only extended channels are opened here, as REQUIRES_EXTENDED_CHANNELS said',
} as const

type OpenErrorCode = ErrorCode<'OpenMiningChannel.Error'> | keyof typeof OWN_OPEN_CODES

export interface Assignment {
  readonly book: Jobs
  /** Bytes of extranonce behind the fixed part: rolled by the device, or zero on a standard channel. */
  readonly extranonceSize: number
  /** Zero bytes between the two, so that all extranonces of the source have one length; 0 when missing. */
  readonly padding?: number | undefined
  /** The account, without what identifies the worker. */
  readonly user: string
  /** The worker's name, where the source tells it from the account. */
  readonly worker?: string | undefined
}

export interface Refusal {
  readonly code: OpenErrorCode
  /** For the log; says what to do. */
  readonly detail: string
}
