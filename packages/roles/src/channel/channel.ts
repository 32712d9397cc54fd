import type { Millis, SessionId } from '../role.ts'
import type { Level } from './difficulty.ts'
import type { JobBook } from './job-book.ts'
import { Vardiff } from './vardiff.ts'

/** What a channel remembers of one job it found shares for; made with the first share, dropped with the job. */
export interface ChannelJob {
  /** Standard channels: the root of the job with this channel's prefix. */
  merkleRoot: Uint8Array | undefined
  /** Keys of the shares credited so far (see judge.ts). */
  readonly credited: Set<number>
}

/** What a channel is opened with. */
export interface ChannelSettings {
  readonly id: number
  readonly session: SessionId
  readonly kind: 'standard' | 'extended'
  readonly book: JobBook
  /** Group on the same connection, or 0. */
  readonly groupId: number
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
  /** Where it stands in its owner's list of channels. */
  readonly slot: number
}

/** One standard or extended channel: its share of the search space, its target, and the shares it was credited for. */
export class Channel {
  readonly id: number
  readonly session: SessionId
  readonly kind: 'standard' | 'extended'
  readonly book: JobBook
  /** Group it is addressed by on its connection; 0 when it is addressed alone. */
  groupId: number
  readonly extranonceSize: number
  readonly versionMask: number
  readonly user: string
  slot: number
  lease: number
  nominalHashrate: number
  easiest: Level | undefined
  /** Set when the channel is closed; queues drop what they meet closed. */
  closed = false
  /** Accepted shares not yet acknowledged. */
  ackCount = 0
  ackWork = 0
  ackSequence = 0
  ackQueued = false
  /** Sum of the difficulty of all accepted shares. */
  work = 0
  accepted = 0
  /** When its shares were last held against the aimed rate. */
  readonly vardiff: Vardiff
  #level: Level
  #prefix: Uint8Array
  /** Levels and prefixes that older jobs were given with: `until` is the order at which they were replaced. */
  #oldLevels: { readonly until: number; readonly level: Level }[] | undefined
  #oldPrefixes: { readonly until: number; readonly prefix: Uint8Array; readonly lease: number }[] | undefined
  #jobs: Map<number, ChannelJob> | undefined
  #generation = 0

  constructor(settings: ChannelSettings, now: Millis) {
    this.id = settings.id
    this.session = settings.session
    this.kind = settings.kind
    this.book = settings.book
    this.groupId = settings.groupId
    this.extranonceSize = settings.extranonceSize
    this.versionMask = settings.versionMask
    this.user = settings.user
    this.slot = settings.slot
    this.lease = settings.lease
    this.nominalHashrate = settings.nominalHashrate
    this.easiest = settings.easiest
    this.vardiff = new Vardiff(now)
    this.#level = settings.level
    this.#prefix = settings.prefix
  }

  /** The level that future jobs and later ones are given with. */
  get level(): Level {
    return this.#level
  }

  /** The prefix that later jobs are given with. */
  get prefix(): Uint8Array {
    return this.#prefix
  }

  /** Applies to jobs not yet active at `order`; active ones keep theirs (POOL-46). */
  setLevel(level: Level, order: number): void {
    const oldest = this.book.oldestLive
    const kept = this.#oldLevels?.filter((old) => old.until > oldest) ?? []
    kept.push({ until: order, level: this.#level })
    this.#oldLevels = kept
    this.#level = level
  }

  /** Applies to jobs sent after `order` (POOL-25). Answers the leases no live job uses any more. */
  setPrefix(prefix: Uint8Array, lease: number, order: number): void {
    this.#oldPrefixes = [
      ...(this.#oldPrefixes ?? []),
      { until: order, prefix: this.#prefix, lease: this.lease },
    ]
    this.#prefix = prefix
    this.lease = lease
  }

  /** The level a job was given with: the one that held when it became active. */
  levelAt(activeSince: number): Level {
    if (this.#oldLevels !== undefined) {
      for (const old of this.#oldLevels) if (activeSince < old.until) return old.level
    }
    return this.#level
  }

  /** The prefix a job was given with: the one that held when it was sent. */
  prefixAt(sent: number): Uint8Array {
    if (this.#oldPrefixes !== undefined) {
      for (const old of this.#oldPrefixes) if (sent < old.until) return old.prefix
    }
    return this.#prefix
  }

  /** Every lease this channel has had, with the order at which it was replaced (Infinity for the present one). */
  leases(): { readonly lease: number; readonly until: number }[] {
    return [
      ...(this.#oldPrefixes ?? []).map(({ lease, until }) => ({ lease, until })),
      { lease: this.lease, until: Number.POSITIVE_INFINITY },
    ]
  }

  /** What is remembered of a live job, made on first use; memories of dead jobs go on the way. */
  job(jobId: number): ChannelJob {
    if (this.#jobs === undefined || this.#generation !== this.book.generation) {
      this.#jobs = new Map()
      this.#generation = this.book.generation
    }
    const known = this.#jobs.get(jobId)
    if (known !== undefined) return known
    for (const old of this.#jobs.keys()) if (this.book.live(old) === undefined) this.#jobs.delete(old)
    const made = { merkleRoot: undefined, credited: new Set<number>() }
    this.#jobs.set(jobId, made)
    return made
  }
}
