import type { Millis } from '../../ground/role.ts'
import { isSameTip, type Job, type Tip } from '../../mining/channel/job.ts'
import { type JobBook, MAX_FUTURE_JOBS } from '../../mining/channel/job-book.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import { JobFeed, type JobNumbering } from '../job-feed.ts'
import type { JobOrigin, UpstreamJob, WorkChannel, WorkNews } from './work-channel.ts'

export interface SupplyDeps {
  readonly miners: Miners
  readonly numbering: JobNumbering
  /** Targets below are that above, so that every share goes up. */
  readonly onlyPaidShares: boolean
}

/**
 * The work of one job book: it comes from one upstream channel at a time, and goes on in the same book when another
 * one takes over. To the miners a change of upstream looks like a new tip.
 */
export class Supply {
  /** The upstream channel that feeds the book; undefined while there is none. */
  feed: WorkChannel | undefined
  readonly jobs: JobFeed<JobOrigin>
  readonly #numbering: JobNumbering
  readonly #onlyPaidShares: boolean
  /** Jobs handed down that wait for a tip. */
  readonly #waiting = new Map<UpstreamJob, Job>()

  constructor({ miners, numbering, onlyPaidShares }: SupplyDeps) {
    this.#numbering = numbering
    this.#onlyPaidShares = onlyPaidShares
    this.jobs = new JobFeed({
      miners,
      numbering,
      again: (job, origin, seconds) => origin.channel.repeat(job, origin, { seconds, numbering }),
    })
  }

  get book(): JobBook {
    return this.jobs.book
  }

  /** Takes work from another upstream channel, which is live. */
  switchTo(feed: WorkChannel, now: Millis): void {
    const { present } = feed
    if (present === undefined) throw new RangeError('an upstream channel without work cannot feed a book')
    this.#waiting.clear()
    this.feed = feed
    this.limit()
    this.jobs.start(this.#starting(present.job), present.tip, now)
    for (const job of feed.waiting()) this.#future(job)
  }

  /** No upstream gives work any more: shares are worth nothing. */
  stop(): void {
    this.feed = undefined
    this.#waiting.clear()
    this.jobs.stop()
  }

  /** Hands on what the feed has told. */
  take(news: Extract<WorkNews, { kind: 'future' | 'update' | 'tip' }>, now: Millis): void {
    switch (news.kind) {
      case 'future':
        this.#future(news.job)
        return
      case 'update':
        return this.jobs.update(this.#made(news.job), news.tip, now)
      case 'tip':
        return this.#tip(news.job, news.tip, now)
    }
  }

  /** Holds the targets below to what the feed pays for. */
  limit(): void {
    if (this.feed !== undefined) this.book.limit(this.feed.level, this.#onlyPaidShares)
  }

  #future(from: UpstreamJob): Job {
    const made = this.#made(from)
    this.#waiting.set(from, made.job)
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_FUTURE_JOBS) break
      this.#waiting.delete(oldest)
    }
    this.jobs.wait(made)
    return made.job
  }

  /** The feed told a tip: another one, or the present one with the time of a later job. */
  #tip(from: UpstreamJob, tip: Tip, now: Millis): void {
    const before = this.book.active?.tip
    const job = this.#starting(from)
    if (before !== undefined && isSameTip(before, tip)) this.jobs.restart(job, tip, now)
    else this.jobs.start(job, tip, now)
  }

  /** The job that a tip names; all others that waited are void. */
  #starting(from: UpstreamJob): Job {
    const job = this.#waiting.get(from) ?? this.#future(from)
    this.#waiting.clear()
    return job
  }

  #made(from: UpstreamJob): ReturnType<WorkChannel['make']> {
    if (this.feed === undefined) throw new RangeError('a job without a feed')
    return this.feed.make(from, this.#numbering)
  }
}
