import { targetToDifficulty } from '@sv2/bitcoin'
import { isSameTip, type Job, type Tip } from '../channel/job.ts'
import { JobBook, MAX_FUTURE_JOBS } from '../channel/job-book.ts'
import type { Miners } from '../miners/miners.ts'
import type { Millis } from '../role.ts'
import type { JobNumbering, WorkChannel, WorkNews } from './work-channel.ts'

/** A job for single channels is shared by all that need one within this time, ms. */
const EXTRA_JOB_MS = 1_000

type UpstreamJob = NonNullable<WorkChannel['present']>['job']

export interface SupplyDeps {
  readonly miners: Miners
  readonly numbering: JobNumbering
  /** Targets below are that above, so that every share goes up. */
  readonly onlyPaidShares: boolean
}

/**
 * The work of one job book: it comes from one upstream channel at a time, and goes on in the same book when another
 * one takes over. To those below a change of upstream looks like a new tip.
 */
export class Supply {
  readonly book = new JobBook()
  /** Who feeds the book; undefined while nobody does. */
  feed: WorkChannel | undefined
  readonly #miners: Miners
  readonly #numbering: JobNumbering
  readonly #onlyPaidShares: boolean
  /** Jobs handed down that wait for a tip. */
  readonly #waiting = new Map<UpstreamJob, Job>()
  #extra: { readonly job: Job; readonly until: Millis } | undefined
  #lastJob: Millis = 0
  /** When the present work came from above. */
  #since: Millis = 0

  constructor({ miners, numbering, onlyPaidShares }: SupplyDeps) {
    this.#miners = miners
    this.#numbering = numbering
    this.#onlyPaidShares = onlyPaidShares
  }

  /** When everybody was last given a job. */
  get lastJob(): Millis {
    return this.#lastJob
  }

  /** Takes work from another upstream channel, which is live. */
  switchTo(feed: WorkChannel, now: Millis): void {
    const { present } = feed
    if (present === undefined) throw new RangeError('an upstream channel without work cannot feed anybody')
    this.#waiting.clear()
    this.feed = feed
    this.limit()
    this.#tip(present.job, present.tip, now)
    for (const job of feed.waiting()) this.#future(job)
  }

  /** Nobody gives work any more: no share is worth anything. */
  stop(): void {
    this.feed = undefined
    this.#waiting.clear()
    this.#extra = undefined
    this.book.clear()
  }

  /** Hands on what the feed has told. */
  take(news: Extract<WorkNews, { kind: 'future' | 'update' | 'tip' }>, now: Millis): void {
    if (news.kind === 'future') this.#future(news.job)
    else if (news.kind === 'tip') this.#told(news.job, news.tip, now)
    else {
      this.#since = now
      this.#update(this.#toJob(news.job), news.tip, now)
    }
  }

  /** Holds the targets below to what the feed pays for. */
  limit(): void {
    if (this.feed !== undefined) this.book.limit(this.feed.level, this.#onlyPaidShares)
  }

  /** The present work once more, for everybody. */
  repeat(now: Millis): void {
    const job = this.#repeated(now)
    if (job?.tip === undefined) return
    this.#update(job.job, job.tip, now)
  }

  /** The present work once more, for single channels. */
  extraJob(now: Millis): Job | undefined {
    if (this.#extra !== undefined && now < this.#extra.until && this.book.live(this.#extra.job.jobId))
      return this.#extra.job
    const repeated = this.#repeated(now)
    if (repeated === undefined) return undefined
    this.book.addExtra(repeated.job, repeated.tip, repeated.job.order)
    this.#extra = { job: repeated.job, until: now + EXTRA_JOB_MS }
    return repeated.job
  }

  #repeated(now: Millis): { readonly job: Job; readonly tip: Tip } | undefined {
    const { active } = this.book
    if (active?.tip === undefined || this.feed === undefined) return undefined
    // a second begun is a second in which headers were tried
    const seconds = Math.max(0, Math.ceil((now - this.#since) / 1000))
    const job = this.feed.repeat(active, seconds, this.#numbering)
    if (job === undefined) return undefined
    return { job, tip: active.tip }
  }

  #future(from: UpstreamJob): Job {
    const job = this.#toJob(from)
    this.book.addFuture(job)
    this.#waiting.set(from, job)
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_FUTURE_JOBS) break
      this.#waiting.delete(oldest)
    }
    this.#miners.sendJob(this.book, job)
    return job
  }

  /** The feed told a tip: another one, or the present one with the time of a later job. */
  #told(from: UpstreamJob, tip: Tip, now: Millis): void {
    const before = this.book.active?.tip
    if (before === undefined || !isSameTip(before, tip)) return this.#tip(from, tip, now)
    const job = this.#starting(from, now)
    if (this.book.renew(job.jobId, tip, this.#numbering.nextOrder()) === undefined) return
    this.#miners.sendTip(this.book, job.jobId, tip)
  }

  #tip(from: UpstreamJob, tip: Tip, now: Millis): void {
    const job = this.#starting(from, now)
    if (this.book.activate(job.jobId, tip, this.#numbering.nextOrder()) === undefined) return
    this.#miners.sendTip(this.book, job.jobId, tip)
    this.#miners.newTip(
      { oldestLive: this.#numbering.oldestLive(), networkDifficulty: targetToDifficulty(tip.networkTarget) },
      now,
    )
  }

  /** The job that a tip names; all others that waited are void. */
  #starting(from: UpstreamJob, now: Millis): Job {
    const job = this.#waiting.get(from) ?? this.#future(from)
    this.#waiting.clear()
    this.#extra = undefined
    this.#lastJob = now
    this.#since = now
    return job
  }

  #update(job: Job, tip: Tip, now: Millis): void {
    this.#lastJob = now
    this.#extra = undefined
    this.book.addActive(job, tip, job.order)
    this.#miners.sendJob(this.book, job)
  }

  #toJob(from: UpstreamJob): Job {
    if (this.feed === undefined) throw new RangeError('a job without a feed')
    return this.feed.toJob(from, this.#numbering)
  }
}
