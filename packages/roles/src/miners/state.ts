import type { Sha256d } from '@sv2/bitcoin'
import type { ErrorCode, ExtensionPolicy, SetCustomMiningJob } from '@sv2/messages'
import type { Channel } from '../channel/channel.ts'
import type { CustomTerms } from '../channel/custom-book.ts'
import type { Ladder } from '../channel/difficulty.ts'
import type { ExtranonceLayout, ExtranonceLeases } from '../channel/extranonce.ts'
import type { Job, Tip } from '../channel/job.ts'
import type { JobBook } from '../channel/job-book.ts'
import type { Jobs } from '../channel/jobs.ts'
import type { GoodShare, Share, ShareErrorCode, ShareJudge } from '../channel/judge.ts'
import type { DueQueue } from '../due-queue.ts'
import type { Emit, Millis, SessionEffect, SessionId } from '../role.ts'
import type { Connection, Group } from './connection.ts'
import type { CustomJobs } from './custom-jobs.ts'
import type { EarlyShares } from './early-shares.ts'
import type { MinersFact } from './facts.ts'
import type { Lanes } from './lanes.ts'
import type { Refusals } from './refusals.ts'
import type { WaitingRequests } from './waiting-requests.ts'

/** How a node treats its miners. */
export interface MinersSettings {
  readonly extranonce: ExtranonceLayout
  /** Channels of this node, over all connections. */
  readonly maxChannels: number
  readonly maxChannelsPerConnection: number
  /** Channels of one address, over its connections; no limit when missing. */
  readonly maxChannelsPerAddress?: number | undefined
  readonly sharesPerMinute: number
  readonly shareBatchSize: number
  readonly shareBatchMs: number
  /** Steps of the difficulty ladder per doubling; 1 for powers of two. */
  readonly difficultySteps: number
  /** No channel gets an easier target than this difficulty. */
  readonly minDifficulty: number
  /** For a channel that declares no hash rate. */
  readonly startDifficulty: number
  readonly vardiff: boolean
  /** True: REQUIRES_EXTENDED_CHANNELS. */
  readonly extendedChannelsOnly: boolean
  /** A connection without a channel is closed after this time (POOL-15). */
  readonly openChannelWithinMs: number
  /** Refused shares and requests of one address in a second, without a channel; no limit when missing. */
  readonly maxRefusalsPerSecond?: number | undefined
  /** A connection that only sends refused shares is closed after this time. */
  readonly onlyRefusalsMs: number
  /** Extensions of extension 0x0001's negotiation. */
  readonly extensions: ExtensionPolicy
}

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
   * A share was found good. Answers who acknowledges it: `credited` at once, or `pending` when the source says later
   * what became of it (`Miners.settle`); a code when the source has no use for it after all.
   */
  accepted(channel: Channel, share: Share, good: GoodShare): ShareOutcome
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
      | 'isUnchecked'
    > {
  /** What it builds on; its `minNtime` is the job's. */
  readonly tip: Tip
}

/** See `WorkSource.accepted`. */
export type ShareOutcome = 'credited' | 'pending' | { readonly code: ShareErrorCode }

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
}

export interface Refusal {
  readonly code: OpenErrorCode
  /** For the log; says what to do. */
  readonly detail: string
}

export interface MinersDeps {
  readonly sha256d: Sha256d
}

/** What the parts of `Miners` share. */
export interface MinersState {
  readonly settings: MinersSettings
  readonly deps: MinersDeps
  readonly source: WorkSource
  readonly connections: Map<SessionId, Connection>
  /** Connections that are closed, and have channels that are still to be taken out. */
  readonly gone: Set<Connection>
  /** Groups by the jobs they get; a book without an entry has no channels. */
  readonly groups: Map<Jobs, Set<Group>>
  /** The same groups by the book that their jobs are written into, and by connection: what is told is told to all of them. */
  readonly listeners: Map<JobBook, Map<Connection, Set<Group>>>
  /** Every open channel, dense, for the round of vardiff. */
  readonly channels: Channel[]
  readonly leases: ExtranonceLeases
  readonly ladder: Ladder
  readonly judge: ShareJudge
  readonly acks: DueQueue<Channel>
  readonly early: EarlyShares
  readonly waiting: WaitingRequests
  readonly custom: CustomJobs
  /** Channels that wait for another level, those first that have waited longest. */
  readonly wanting: Set<Channel>
  /** When those that wait are looked at; `NEVER` while none does. */
  wantingDue: Millis
  /** Channels whose level changed while a job waited for its tip, or changes with the next tip. */
  readonly retargeted: Set<Channel>
  /** Channels by the address of their connections. */
  readonly perAddress: Map<string, number>
  readonly refusals: Refusals
  /** What is still to be told of jobs. */
  readonly lanes: Lanes
  /** Connections that have to have a channel by then; again each time their last one closes. */
  readonly idle: DueQueue<Connection>
  /** Standard channels whose devices are too fast for the space of one job. */
  readonly starving: Set<Channel>
  /** The one order of jobs, levels and prefixes (see JobBook). */
  order: number
  /** When the present tip came, in that order: clients' own jobs may be as old. */
  tipOrder: number
  /** Order of the oldest job that may still earn credit. */
  oldestLive: number
  /** Difficulty of the network. */
  networkDifficulty: number
  /** Time of the last event. */
  now: Millis
  readonly emit: Emit<MinersEffect>
}

export type MinersEffect = SessionEffect | MinersFact

/** The next place in the order of jobs, levels and prefixes. */
export function nextOrder(state: MinersState): number {
  state.order++
  return state.order
}

export function send(state: MinersState, to: SessionId | readonly SessionId[], message: SendMessage): void {
  state.emit({ kind: 'send', to, message })
}

/** A peer broke the protocol: its connection ends, with a reason. */
export function misbehaved(state: MinersState, session: SessionId, reason: string): void {
  state.emit({ kind: 'peerMisbehaved', session, reason })
  state.emit({ kind: 'close', session, reason })
}

type SendMessage = Extract<SessionEffect, { kind: 'send' }>['message']
