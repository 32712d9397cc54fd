import { compareLe, MAX_TARGET } from '@sv2/bitcoin'
import type { Level } from './difficulty.ts'
import type { Job, Tip } from './job.ts'

/** Jobs of the present tip that were replaced but still earn credit (SRI: max_past_jobs). */
export const MAX_PAST_JOBS = 16
/** Jobs that wait for a SetNewPrevHash. */
export const MAX_FUTURE_JOBS = 16
/** Jobs of the present tip that went to single channels. */
export const MAX_EXTRA_JOBS = 512
/** Job ids of earlier tips, so that a late share is called stale and not unknown. */
const MAX_STALE_IDS = 1_024

/** What a job id means at this moment. */
export type JobState = 'future' | 'active' | 'past' | 'stale' | 'unknown'

/**
 * The jobs that a set of channels shares: same payout, same length of the whole extranonce.
 *
 * Theory of operation. A job is *future* until the tip it waits for arrives, then *active*; a newer job of the same
 * tip makes it *past* (shares still count), a new tip makes everything older *stale*. Every job, target change and
 * prefix change takes a number from one growing `order`; so a channel knows which target and which prefix a job was
 * given with by comparing numbers, and nothing has to be written into 100 000 channels when a job changes.
 */
export class JobBook {
  readonly root: JobBook = this
  #future = new Map<number, Job>()
  #live = new Map<number, Job>()
  #past: number[] = []
  #extra: number[] = []
  #stale = new Set<number>()
  #active: Job | undefined
  /** Grows with each tip; channels drop what they remember of older ones. */
  generation = 0
  /** The hardest share difficulty of these jobs: every hash that the upstream pays for has to come through. */
  maxDifficulty = Number.POSITIVE_INFINITY
  /**
   * The one difficulty of all channels, where no share is wanted that the upstream does not pay for. Otherwise
   * undefined.
   */
  only: Level | undefined
  readonly #isFormer: ((jobId: number) => boolean) | undefined

  /** @param isFormer whether a job id is one of an earlier run of the node: a share of it is late */
  constructor(isFormer?: (jobId: number) => boolean) {
    this.#isFormer = isFormer
  }

  /**
   * Sets the hardest share target that the upstream pays for; undefined when it does not pay by the share. A target
   * that every hash meets is not counted as one: pools give it to a channel without a hash rate, and devices that took
   * it would send all they compute.
   */
  limit(level: Level | undefined): void {
    this.maxDifficulty = limitOf(level)?.difficulty ?? Number.POSITIVE_INFINITY
    this.only = undefined
  }

  /** Sets the same limit, and lets no target be easier either. */
  dictate(level: Level | undefined): void {
    this.limit(level)
    this.only = limitOf(level)
  }

  /** The job new channels start on. */
  get active(): Job | undefined {
    return this.#active
  }

  /** The first place in the order that a job counts from for which shares are credited; `Infinity` when there is none. */
  get oldestLive(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const job of this.#live.values()) oldest = Math.min(oldest, job.order, job.activeSince)
    for (const job of this.#future.values()) oldest = Math.min(oldest, job.order)
    return oldest
  }

  /** How many jobs are kept, of all states. */
  get size(): number {
    return this.#live.size + this.#future.size
  }

  state(jobId: number): JobState {
    if (this.#active?.jobId === jobId) return 'active'
    if (this.#live.has(jobId)) return 'past'
    if (this.#future.has(jobId)) return 'future'
    return this.#stale.has(jobId) || this.#isFormer?.(jobId) === true ? 'stale' : 'unknown'
  }

  /** A job for which shares are credited now. */
  live(jobId: number): Job | undefined {
    return this.#live.get(jobId)
  }

  /** The jobs for which shares are credited now, oldest first. */
  running(): IterableIterator<Job> {
    return this.#live.values()
  }

  /** Whether a job of this search space is live. */
  hasSpace(space: number): boolean {
    if (this.#live.has(space)) return true
    for (const job of this.#live.values()) if (job.space === space) return true
    return false
  }

  /** A job that waits for its tip. */
  future(jobId: number): Job | undefined {
    return this.#future.get(jobId)
  }

  /** The jobs that wait for a tip, oldest first. */
  waiting(): IterableIterator<Job> {
    return this.#future.values()
  }

  told(job: Job): Job {
    return job
  }

  /** Whether a job waits for a tip. */
  get isWaiting(): boolean {
    return this.#future.size > 0
  }

  /** Keeps a job until a tip names it; the oldest one gives way when there are too many. */
  addFuture(job: Job): void {
    this.#future.set(job.jobId, job)
    if (this.#future.size <= MAX_FUTURE_JOBS) return
    for (const jobId of this.#future.keys()) {
      this.#future.delete(jobId)
      return
    }
  }

  /** A job for the present tip, for every channel of the book. */
  addActive(job: Job, tip: Tip, order: number): void {
    job.tip = tip
    job.activeSince = order
    if (this.#active !== undefined) this.#retire(this.#active.jobId)
    this.#live.set(job.jobId, job)
    this.#active = job
  }

  /** A job for the present tip that only some channels are given; it does not retire the active one. */
  addExtra(job: Job, tip: Tip, order: number): void {
    job.tip = tip
    job.activeSince = order
    this.#live.set(job.jobId, job)
    this.#extra.push(job.jobId)
    if (this.#extra.length > MAX_EXTRA_JOBS) this.#forget(this.#extra.shift()!)
  }

  /** A new tip: the named future job becomes active, every other job is dead. */
  activate(jobId: number, tip: Tip, order: number): Job | undefined {
    const job = this.#future.get(jobId)
    this.#future.delete(jobId)
    this.clear()
    if (job === undefined) return undefined
    this.addActive(job, tip, order)
    return job
  }

  /** The tip told again, with a later time: the named future job becomes active, and running jobs are past ones. */
  renew(jobId: number, tip: Tip, order: number): Job | undefined {
    const job = this.#future.get(jobId)
    if (job === undefined) return undefined
    for (const id of this.#future.keys()) if (id !== jobId) this.#stale.add(id)
    this.#future.clear()
    this.addActive(job, tip, order)
    this.#trimStale()
    return job
  }

  /** Makes every job worthless: the tip has changed, or no upstream takes the shares. */
  clear(): void {
    for (const id of this.#live.keys()) this.#stale.add(id)
    for (const id of this.#future.keys()) this.#stale.add(id)
    this.#trimStale()
    this.#live.clear()
    this.#future.clear()
    this.#past = []
    this.#extra = []
    this.#active = undefined
    this.generation++
  }

  /** A job is worth nothing any more; the others stay. */
  drop(jobId: number): void {
    if (!this.#live.has(jobId)) return
    if (this.#active?.jobId === jobId) this.#active = undefined
    this.#past = this.#past.filter((past) => past !== jobId)
    this.#extra = this.#extra.filter((extra) => extra !== jobId)
    this.#forget(jobId)
  }

  /** A job that waits for its tip is worth nothing any more. */
  dropFuture(jobId: number): void {
    if (!this.#future.delete(jobId)) return
    this.#stale.add(jobId)
    this.#trimStale()
  }

  #retire(jobId: number): void {
    this.#past.push(jobId)
    if (this.#past.length > MAX_PAST_JOBS) this.#forget(this.#past.shift()!)
  }

  #forget(jobId: number): void {
    this.#live.delete(jobId)
    this.#stale.add(jobId)
    this.#trimStale()
  }

  #trimStale(): void {
    for (const jobId of this.#stale) {
      if (this.#stale.size <= MAX_STALE_IDS) return
      this.#stale.delete(jobId)
    }
  }
}

/** A level as a limit; undefined where every hash meets its target. */
function limitOf(level: Level | undefined): Level | undefined {
  return level === undefined || compareLe(level.target, MAX_TARGET) === 0 ? undefined : level
}
