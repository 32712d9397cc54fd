import { concatBytes } from '@sv2/bitcoin'
import type {
  Message,
  NewExtendedMiningJob,
  OpenExtendedMiningChannelSuccess,
  SetNewPrevHash,
} from '@sv2/messages'

import type { SentShare, SentShares } from '../../client/sent-shares.ts'
import {
  type ChannelNews,
  counted,
  type NumberedLink,
  UpstreamChannel,
} from '../../client/upstream-channel.ts'
import { owned } from '../../ground/owned.ts'
import type { Level } from '../../mining/channel/difficulty.ts'
import { type Job, repeatJob, type Tip, tipOf } from '../../mining/channel/job.ts'
import type { JobBook } from '../../mining/channel/job-book.ts'
import type { JobNumbering, MadeJob } from '../job-feed.ts'
import { payoutMismatch, type WantedPayout } from './payout-check.ts'

/** Jobs that wait for a tip. */
const MAX_FUTURE_JOBS = 16
/** Bytes of a coinbase's two halves together; a job is a coinbase of a block, and one of ours has to fit a message. */
const MAX_COINBASE_BYTES = 60_000

/** A job of an upstream with the prefix it was given with. */
export interface UpstreamJob {
  readonly message: NewExtendedMiningJob
  readonly prefix: Uint8Array
}

/** Where a job of ours comes from. */
export interface JobOrigin {
  readonly channel: WorkChannel
  readonly from: UpstreamJob
  /** What stands between the upstream's prefix and the leased bytes. */
  readonly spare: Uint8Array
  /** The first job made of it, and how often it was repeated: to the upstream all of them are one. */
  readonly family: { readonly first: Job; repeated: number }
}

/** What a message of the upstream means to the role that hands the work on. */
export type WorkNews =
  /** A job that waits for a tip. */
  | { readonly kind: 'future'; readonly job: UpstreamJob }
  /** A better job for the present tip. */
  | { readonly kind: 'update'; readonly job: UpstreamJob; readonly tip: Tip }
  | { readonly kind: 'tip'; readonly job: UpstreamJob; readonly tip: Tip }
  /** A job does not pay what it has to. */
  | { readonly kind: 'unpaid'; readonly reason: string }
  | ChannelNews

/**
 * One extended channel at an upstream: its jobs, its target, and the shares that were sent on it.
 *
 * Theory of operation. The miners see a search space of fixed size: `leased ‖ rolled` bytes. What the
 * upstream fixed (its prefix, as it was when the job came) and bytes it granted beyond the wanted size are folded into
 * the coinbase prefix. So a new prefix holds for later jobs by itself, and a share is always told to the
 * upstream as its job was.
 */
export class WorkChannel {
  readonly #channel: UpstreamChannel
  /** What every job has to pay; undefined when that is not looked at. */
  readonly #payout: WantedPayout | undefined
  readonly #future = new Map<number, UpstreamJob>()
  #tip: Tip | undefined
  #newest: UpstreamJob | undefined

  /**
   * @param size bytes of extranonce that the miners split among themselves
   */
  constructor(
    connection: NumberedLink,
    granted: {
      readonly answer: OpenExtendedMiningChannelSuccess
      readonly size: number
      readonly payout: WantedPayout | undefined
    },
  ) {
    this.#channel = new UpstreamChannel(connection, granted)
    this.#payout = granted.payout
  }

  get upstream(): number {
    return this.#channel.upstream
  }

  get channelId(): number {
    return this.#channel.channelId
  }

  /** The group it belongs to, at the upstream. */
  get groupId(): number {
    return this.#channel.groupId
  }

  set groupId(groupId: number) {
    this.#channel.groupId = groupId
  }

  /** Shares that the upstream has not answered. */
  get sent(): SentShares {
    return this.#channel.sent
  }

  /** Bytes of extranonce that the miners split among themselves. */
  get size(): number {
    return this.#channel.size
  }

  /** Level of jobs that come from now on. */
  get level(): Level {
    return this.#channel.level
  }

  /** There is a job to mine on. */
  get isLive(): boolean {
    return this.#newest !== undefined && this.#tip !== undefined
  }

  /** The job to mine now, with its tip; undefined before the first one. */
  get present(): { readonly job: UpstreamJob; readonly tip: Tip } | undefined {
    const [job, tip] = [this.#newest, this.#tip]
    return job === undefined || tip === undefined ? undefined : { job, tip }
  }

  /** Jobs that wait for a tip, oldest first. */
  waiting(): IterableIterator<UpstreamJob> {
    return this.#future.values()
  }

  /** Takes a message; `order` is the place of what it changes among the jobs of the miners. */
  message(message: Message, at: { readonly order: number; readonly book: JobBook }): WorkNews | undefined {
    switch (message.type) {
      case 'NewExtendedMiningJob':
        return this.#job(owned(message))
      case 'SetNewPrevHash':
        return this.#prevHash(message)
      default:
        return this.#channel.message(message, { order: at.order, oldestLive: at.book.oldestLive })
    }
  }

  /** The job as the miners get it. */
  make(from: UpstreamJob, numbering: JobNumbering): MadeJob<JobOrigin> {
    const spare = new Uint8Array(this.#channel.spare)
    const job = jobOf(from, spare, numbering)
    return { job, origin: { channel: this, from, spare, family: { first: job, repeated: 0 } } }
  }

  /**
   * A job of this channel once more, under another id: another search space where there are bytes left to tell the two
   * apart, else the same from a later time on.
   * @param at.seconds since the job came
   */
  repeat(
    job: Job,
    origin: JobOrigin,
    at: { readonly seconds: number; readonly numbering: JobNumbering },
  ): MadeJob<JobOrigin> {
    const { from, family } = origin
    const { seconds, numbering } = at
    family.repeated++
    if (family.repeated >= this.#channel.repetitions) {
      const earliest = Math.max(family.first.minNtime ?? 0, family.first.tip?.minNtime ?? 0)
      const identity = { jobId: numbering.nextJobId(), order: numbering.nextOrder() }
      return { job: repeatJob(job, { ...identity, minNtime: earliest + seconds }), origin }
    }
    const spare = counted(family.repeated, this.#channel.spare)
    return { job: jobOf(from, spare, numbering), origin: { channel: this, from, spare, family } }
  }

  /** Whether the upstream pays for a hash found on a job: by the target the job came with (POOL-46). */
  pays({ family }: JobOrigin, hash: Uint8Array): boolean {
    return this.#channel.pays(family.first.activeSince, hash)
  }

  /** Sends a share of a job of this channel up. */
  submit(share: SentShare, { from, spare }: JobOrigin): void {
    this.#channel.submit(share, { jobId: from.message.jobId, spare })
  }

  /** Tells the upstream the hash rate of the miners (PRX-03, PRX-04). */
  update(nominalHashRate: number, maximumTarget: Uint8Array): void {
    this.#channel.update(nominalHashRate, maximumTarget)
  }

  /** Ends the channel at the upstream. */
  close(reasonCode: string): void {
    this.#channel.close(reasonCode)
  }

  #job(message: NewExtendedMiningJob): WorkNews {
    if (message.coinbaseTxPrefix.length + message.coinbaseTxSuffix.length > MAX_COINBASE_BYTES)
      return ignored('a coinbase too long to be handed on')
    const unpaid = this.#unpaid(message)
    if (unpaid !== undefined) return { kind: 'unpaid', reason: unpaid }
    const job = { message, prefix: this.#channel.prefix }
    if (message.minNtime === undefined) {
      this.#future.set(message.jobId, job)
      if (this.#future.size > MAX_FUTURE_JOBS) this.#future.delete(this.#future.keys().next().value!)
      return { kind: 'future', job }
    }
    if (this.#tip === undefined) return ignored('a job for a tip that was never told')
    this.#newest = job
    return { kind: 'update', job, tip: this.#tip }
  }

  #unpaid({ coinbaseTxPrefix: prefix, coinbaseTxSuffix: suffix }: NewExtendedMiningJob): string | undefined {
    if (this.#payout === undefined) return undefined
    const extranonce = concatBytes(this.#channel.prefix, new Uint8Array(this.#channel.spare + this.size))
    return payoutMismatch(this.#payout, { prefix, extranonce, suffix })
  }

  #prevHash(prev: SetNewPrevHash): WorkNews {
    const job = this.#future.get(prev.jobId)
    this.#future.clear()
    const tip = tipOf({
      prevHash: prev.prevHash.slice(),
      headerTimestamp: prev.minNtime,
      nbits: prev.nbits,
      target: NO_TARGET,
    })
    if (job === undefined) return ignored(`SetNewPrevHash for job ${prev.jobId}, which is unknown`)
    if (tip === undefined) return ignored(`nbits ${prev.nbits.toString(16)} is not a target`)
    this.#newest = job
    this.#tip = tip
    return { kind: 'tip', job, tip }
  }
}

const NO_TARGET = new Uint8Array(32)

function ignored(reason: string): WorkNews {
  return { kind: 'ignored', reason }
}

function jobOf({ message, prefix }: UpstreamJob, spare: Uint8Array, numbering: JobNumbering): Job {
  const jobId = numbering.nextJobId()
  return {
    jobId,
    space: jobId,
    order: numbering.nextOrder(),
    version: message.version,
    versionRollingAllowed: message.versionRollingAllowed,
    merklePath: message.merklePath,
    coinbaseTxPrefix: concatBytes(message.coinbaseTxPrefix, prefix, spare),
    coinbaseTxSuffix: message.coinbaseTxSuffix,
    minNtime: message.minNtime,
    activeSince: 0,
    tip: undefined,
  }
}
