import type { RateCap } from '../../ground/rate-cap.ts'
import type { Millis, SessionId } from '../../ground/role.ts'
import type { CustomBook } from './custom-book.ts'
import type { Level } from './difficulty.ts'
import { type History, replaced, valueAt } from './history.ts'
import type { Job } from './job.ts'
import type { JobState } from './job-book.ts'
import type { Jobs } from './jobs.ts'
import type { PendingShares } from './pending-shares.ts'
import type { RecentWorkers } from './recent-workers.ts'
import { Vardiff } from './vardiff.ts'

/** The merkle root of a job for one extranonce of a channel. */
interface ChannelRoot {
  readonly job: Job
  /** What the device rolled of the extranonce: nothing on a standard channel. */
  readonly rolled: Uint8Array
  readonly merkleRoot: Uint8Array
}

/** How many shares a channel was credited for, in all jobs of one search space. */
export interface Tally {
  credited: number
}

/** What a channel remembers of one job it found shares for; made with the first share, dropped with the job. */
export interface ChannelJob {
  readonly space: number
  /** That of the last share. */
  root: ChannelRoot | undefined
  readonly tally: Tally
}

/** What a channel is opened with. */
export interface ChannelSettings {
  readonly id: number
  readonly session: SessionId
  readonly kind: 'standard' | 'extended'
  readonly book: Jobs
  /** Group on the same connection. */
  readonly groupId: number
  /** The group id addresses it too; false when it is addressed alone. */
  readonly grouped: boolean
  readonly lease: number
  readonly prefix: Uint8Array
  /** Bytes the device rolls itself; 0 for a standard channel. */
  readonly extranonceSize: number
  readonly versionMask: number
  readonly level: Level
  /** The easiest level the client accepts (its max_target); undefined when it accepts any. */
  readonly easiest: Level | undefined
  readonly nominalHashrate: number
  /** Label of the account; opaque here. */
  readonly user: string
  /** Its worker's name, where the identity has one; else empty. */
  readonly worker: string
  /** Where it stands in its owner's list of channels. */
  readonly slot: number
}

/** One standard or extended channel: its share of the search space, its target, and the shares it was credited for. */
export class Channel {
  readonly id: number
  readonly session: SessionId
  readonly kind: 'standard' | 'extended'
  /** The jobs it works on. */
  book: Jobs
  /** Those it worked on before it was moved: its shares of them still count. */
  formerBook: Jobs | undefined
  /** Jobs that its client brought; undefined until there is one. */
  custom: CustomBook | undefined
  /** Its group on its connection. */
  groupId: number
  readonly grouped: boolean
  readonly extranonceSize: number
  /** Header version bits it may roll. */
  versionMask: number
  /** H/s: as declared, and as its shares show once they tell otherwise. */
  hashrate: number
  readonly user: string
  readonly worker: string
  slot: number
  lease: number
  nominalHashrate: number
  easiest: Level | undefined
  /** The level it gets as soon as it can be given a fresh job; undefined when it already has the right one. */
  wanted: Level | undefined
  /** A difficulty that its client asked for, and that the upstream does not pay for yet. */
  wish: number | undefined
  /** How often its client may still ask for another level; undefined until it has asked. */
  requests: RateCap | undefined
  /** What was begun to be told when it joined its group: it has heard of that by then. */
  joined = 0
  /** Set when the channel is closed; queues drop what they meet closed. */
  closed = false
  /** Job last made for this channel alone; it is not given the same one twice. */
  ownJobId: number | undefined
  /** Accepted shares not yet acknowledged, and their difficulties added up. */
  ackCount = 0
  ackWork = 0
  ackSequence = 0
  ackQueued = false
  /** Shares that others decide on; undefined until there is one. */
  pending: PendingShares | undefined
  readonly vardiff: Vardiff
  /** Workers that name themselves on its shares; undefined until one does. All there is of extension state. */
  workers: RecentWorkers | undefined
  #level: Level
  #prefix: Uint8Array
  #oldLevels: History<Level> | undefined
  #oldPrefixes: History<Uint8Array> | undefined
  #jobs: Map<number, ChannelJob> | undefined
  #generation = 0

  constructor(settings: ChannelSettings, now: Millis) {
    this.id = settings.id
    this.session = settings.session
    this.kind = settings.kind
    this.book = settings.book
    this.formerBook = undefined
    this.custom = undefined
    this.groupId = settings.groupId
    this.grouped = settings.grouped
    this.extranonceSize = settings.extranonceSize
    this.versionMask = settings.versionMask
    this.user = settings.user
    this.worker = settings.worker
    this.slot = settings.slot
    this.lease = settings.lease
    this.nominalHashrate = settings.nominalHashrate
    this.hashrate = settings.nominalHashrate
    this.easiest = settings.easiest
    this.wanted = undefined
    this.wish = undefined
    this.requests = undefined
    this.ownJobId = undefined
    this.vardiff = new Vardiff(now)
    this.workers = undefined
    this.pending = undefined
    this.#level = settings.level
    this.#prefix = settings.prefix
    this.#oldLevels = undefined
    this.#oldPrefixes = undefined
    this.#jobs = undefined
  }

  /** The level that future jobs and later ones are given with. */
  get level(): Level {
    return this.#level
  }

  /** The prefix that later jobs are given with. */
  get prefix(): Uint8Array {
    return this.#prefix
  }

  /**
   * Applies to jobs that become active at `order` or later; active ones keep theirs (POOL-46).
   * @param oldest order of the oldest job that may yet be given to it, where that is older than those it has
   */
  setLevel(level: Level, order: number, oldest: number = Number.POSITIVE_INFINITY): void {
    const entry = { until: order, value: this.#level }
    this.#oldLevels = replaced(this.#oldLevels, entry, Math.min(oldest, this.#oldestLive()))
    this.#level = level
  }

  /** Applies to jobs sent at `order` or later (POOL-25). */
  setPrefix(prefix: Uint8Array, order: number): void {
    const entry = { until: order, value: this.#prefix }
    this.#oldPrefixes = replaced(this.#oldPrefixes, entry, this.#oldestLive())
    this.#prefix = prefix
  }

  /** The level that held at a place in the order; undefined when that is forgotten. */
  levelAt(order: number): Level | undefined {
    return valueAt(this.#oldLevels, order, this.#level)
  }

  /** The prefix a job was given with: the one that held when it was sent; undefined when that is forgotten. */
  prefixAt(sent: number): Uint8Array | undefined {
    return valueAt(this.#oldPrefixes, sent, this.#prefix)
  }

  /** A job whose shares count for this channel now. One whose level or prefix is forgotten is dead, not guessed at. */
  live(jobId: number): Job | undefined {
    const job = this.book.live(jobId) ?? this.formerBook?.live(jobId) ?? this.custom?.jobs.live(jobId)
    return job === undefined || this.#remembers(job) ? job : undefined
  }

  /** What a job id means to this channel at this moment. */
  state(jobId: number): JobState {
    const ofBook = this.book.state(jobId)
    const state = ofBook === 'unknown' ? (this.custom?.jobs.state(jobId) ?? ofBook) : ofBook
    if (state !== 'active' && state !== 'past') return state
    return this.live(jobId) === undefined ? 'stale' : state
  }

  /** What is remembered of a live job, made on first use; memories of dead jobs go on the way. */
  job({ jobId, space }: Pick<Job, 'jobId' | 'space'>): ChannelJob {
    if (this.#jobs === undefined || this.#generation !== this.book.generation) {
      if (this.formerBook === undefined && this.custom === undefined) this.#jobs = undefined
      this.#jobs ??= new Map()
      this.#generation = this.book.generation
    }
    const known = this.#jobs.get(jobId)
    if (known !== undefined) return known
    for (const [old, memory] of this.#jobs) if (!this.#isLive(memory.space)) this.#jobs.delete(old)
    const made = { space, root: undefined, tally: this.#tallyOf(space) }
    this.#jobs.set(jobId, made)
    return made
  }

  #isLive(space: number): boolean {
    if (this.book.hasSpace(space) || this.formerBook?.hasSpace(space) === true) return true
    return this.custom?.hasSpace(space) === true
  }

  #remembers({ order, activeSince }: Job): boolean {
    const first = Math.min(order, activeSince)
    return (this.#oldLevels?.since ?? 0) <= first && (this.#oldPrefixes?.since ?? 0) <= order
  }

  #oldestLive(): number {
    return Math.min(
      this.book.oldestLive,
      this.formerBook?.oldestLive ?? Number.POSITIVE_INFINITY,
      this.custom?.jobs.oldestLive ?? Number.POSITIVE_INFINITY,
    )
  }

  #tallyOf(space: number): Tally {
    if (this.#jobs !== undefined)
      for (const known of this.#jobs.values()) if (known.space === space) return known.tally
    return { credited: 0 }
  }
}
