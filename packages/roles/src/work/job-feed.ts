import { targetToDifficulty } from '@sv2/bitcoin'
import { type Millis, NEVER } from '../ground/role.ts'
import type { Job, Tip } from '../mining/channel/job.ts'
import { JobBook } from '../mining/channel/job-book.ts'
import type { Miners } from '../mining/miners/miners.ts'

/** A job for single channels is shared by all that need one within this time, ms. */
const EXTRA_JOB_MS = 1_000

/** Numbers jobs and says where they stand among all others. */
export interface JobNumbering {
  nextJobId(): number
  nextOrder(): number
  /** Order of the oldest job that may still earn credit. */
  oldestLive(): number
}

/** A job, and what its giver made it of. */
export interface MadeJob<Origin> {
  readonly job: Job
  readonly origin: Origin
}

export interface JobFeedDeps<Origin> {
  readonly miners: Miners
  readonly numbering: JobNumbering
  /**
   * The giver makes a job once more, under another id and with another search space or a later time; undefined when it
   * cannot.
   * @param seconds begun since the work was published: in each of them headers were tried
   */
  readonly again: (job: Job, origin: Origin, seconds: number) => MadeJob<Origin> | undefined
}

/**
 * Publishes the jobs of one book to its miners, and knows what each of them was made of.
 *
 * Every giver of work speaks the same four verbs. It lets a job *wait* for a tip, *starts* it with one, *updates* the
 * work on the present tip, and *stops*. Each keeps the order numbers of the book as `JobBook` wants them.
 */
export class JobFeed<Origin extends object> {
  readonly book = new JobBook()
  readonly #deps: JobFeedDeps<Origin>
  readonly #origins = new WeakMap<Job, Origin>()
  /** The job last made for single channels, and until when they share it. */
  #extra: { readonly job: Job; readonly until: Millis } | undefined
  #lastJob: Millis = NEVER
  /** When the giver last published other work. */
  #since: Millis = 0

  constructor(deps: JobFeedDeps<Origin>) {
    this.#deps = deps
  }

  /** When every miner was last given a job; `NEVER` before the first one. */
  get lastJob(): Millis {
    return this.#lastJob
  }

  /** What a job was made of; undefined for a job of another feed. */
  origin(job: Job): Origin | undefined {
    return this.#origins.get(job)
  }

  /** What the active job was made of; undefined without one. */
  get present(): Origin | undefined {
    const { active } = this.book
    return active === undefined ? undefined : this.#origins.get(active)
  }

  /** Gives miners a job that waits for its tip. */
  wait({ job, origin }: MadeJob<Origin>): void {
    this.#origins.set(job, origin)
    this.book.addFuture(job)
    this.#deps.miners.sendJob(this.book, job)
  }

  /** Starts a waiting job with another tip: every earlier job is worth nothing. */
  start({ jobId }: Job, tip: Tip, now: Millis): void {
    const { miners, numbering } = this.#deps
    this.#published(now)
    if (this.book.activate(jobId, tip, numbering.nextOrder()) === undefined) return
    miners.sendTip(this.book, jobId, tip)
    const networkDifficulty = targetToDifficulty(tip.networkTarget)
    miners.newTip({ oldestLive: numbering.oldestLive(), networkDifficulty }, now)
  }

  /** Starts a waiting job with the present tip, which has a later time now: earlier jobs keep their worth. */
  restart({ jobId }: Job, tip: Tip, now: Millis): void {
    this.#published(now)
    if (this.book.renew(jobId, tip, this.#deps.numbering.nextOrder()) === undefined) return
    this.#deps.miners.sendTip(this.book, jobId, tip)
  }

  /** Gives every miner other work on the present tip. */
  update({ job, origin }: MadeJob<Origin>, tip: Tip, now: Millis): void {
    this.#origins.set(job, origin)
    this.#published(now)
    this.#toAll(job, tip)
  }

  /** Gives every miner a job once more; the active one unless another is named. */
  repeat(now: Millis, from: Job | undefined = this.book.active): void {
    const made = this.#again(now, from)
    if (made === undefined) return
    this.#lastJob = now
    this.#extra = undefined
    this.#toAll(made.job, made.tip)
  }

  /** The present work once more, for single channels; undefined while there is none. */
  extraJob(now: Millis): Job | undefined {
    if (this.#extra !== undefined && now < this.#extra.until && this.book.live(this.#extra.job.jobId))
      return this.#extra.job
    const made = this.#again(now, this.book.active)
    if (made === undefined) return undefined
    this.book.addExtra(made.job, made.tip, made.job.order)
    this.#extra = { job: made.job, until: now + EXTRA_JOB_MS }
    return made.job
  }

  /** No giver stands behind the jobs any more: no share of them is worth anything. */
  stop(): void {
    this.#extra = undefined
    this.book.clear()
  }

  #published(now: Millis): void {
    this.#extra = undefined
    this.#lastJob = now
    this.#since = now
  }

  #toAll(job: Job, tip: Tip): void {
    this.book.addActive(job, tip, job.order)
    this.#deps.miners.sendJob(this.book, job)
  }

  #again(now: Millis, from: Job | undefined): { readonly job: Job; readonly tip: Tip } | undefined {
    const origin = from === undefined ? undefined : this.#origins.get(from)
    if (from?.tip === undefined || origin === undefined) return undefined
    const seconds = Math.max(0, Math.ceil((now - this.#since) / 1000))
    const made = this.#deps.again(from, origin, seconds)
    if (made === undefined) return undefined
    this.#origins.set(made.job, made.origin)
    return { job: made.job, tip: from.tip }
  }
}
