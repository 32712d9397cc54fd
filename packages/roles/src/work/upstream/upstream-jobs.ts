import type { Millis } from '../../ground/role.ts'
import { isSameTip, type Job, type Tip } from '../../mining/channel/job.ts'
import { type JobBook, MAX_FUTURE_JOBS } from '../../mining/channel/job-book.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import { JobFeed, type JobNumbering } from '../job-feed.ts'
import type { JobOrigin, UpstreamJob, WorkChannel, WorkNews } from './work-channel.ts'

export interface UpstreamJobsDeps {
  readonly miners: Miners
  readonly numbering: JobNumbering
  /** Targets below are that above, so that every share goes up. */
  readonly onlyPaidShares: boolean
}

/**
 * The work of one job book: it comes from one upstream channel at a time, and goes on in the same book when another
 * one takes over. To the miners a change of upstream looks like a new tip.
 */
export class UpstreamJobs {
  /** The upstream channel that feeds the book; undefined while there is none. */
  channel: WorkChannel | undefined
  readonly feed: JobFeed<JobOrigin>
  readonly #numbering: JobNumbering
  readonly #onlyPaidShares: boolean
  /** Jobs handed down that wait for a tip. */
  readonly #waiting = new Map<UpstreamJob, Job>()

  constructor({ miners, numbering, onlyPaidShares }: UpstreamJobsDeps) {
    this.#numbering = numbering
    this.#onlyPaidShares = onlyPaidShares
    this.feed = new JobFeed({
      miners,
      numbering,
      again: (job, origin, seconds) => origin.channel.repeat(job, origin, { seconds, numbering }),
    })
  }

  get book(): JobBook {
    return this.feed.book
  }

  /** Takes work from another upstream channel, which is live. */
  switchTo(channel: WorkChannel, now: Millis): void {
    const { present } = channel
    if (present === undefined) throw new RangeError('an upstream channel without work cannot feed a book')
    this.#waiting.clear()
    this.channel = channel
    this.limit()
    this.feed.start(this.#starting(present.job), present.tip, now)
    for (const job of channel.waiting()) this.#future(job)
  }

  /** No upstream gives work any more: shares are worth nothing. */
  stop(): void {
    this.channel = undefined
    this.#waiting.clear()
    this.feed.stop()
  }

  /** Hands on what the channel has told. */
  take(news: Extract<WorkNews, { kind: 'future' | 'update' | 'tip' }>, now: Millis): void {
    switch (news.kind) {
      case 'future':
        this.#future(news.job)
        return
      case 'update':
        return this.feed.update(this.#made(news.job), news.tip, now)
      case 'tip':
        return this.#tip(news.job, news.tip, now)
    }
  }

  /** Holds the targets below to what the upstream pays for. */
  limit(): void {
    if (this.channel === undefined) return
    if (this.#onlyPaidShares) this.book.dictate(this.channel.level)
    else this.book.limit(this.channel.level)
  }

  #future(from: UpstreamJob): Job {
    const made = this.#made(from)
    this.#waiting.set(from, made.job)
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_FUTURE_JOBS) break
      this.#waiting.delete(oldest)
    }
    this.feed.wait(made)
    return made.job
  }

  /** The channel told a tip: another one, or the present one with the time of a later job. */
  #tip(from: UpstreamJob, tip: Tip, now: Millis): void {
    const before = this.book.active?.tip
    const job = this.#starting(from)
    if (before !== undefined && isSameTip(before, tip)) this.feed.restart(job, tip, now)
    else this.feed.start(job, tip, now)
  }

  /** The job that a tip names; all others that waited are void. */
  #starting(from: UpstreamJob): Job {
    const job = this.#waiting.get(from) ?? this.#future(from)
    this.#waiting.clear()
    return job
  }

  #made(from: UpstreamJob): ReturnType<WorkChannel['make']> {
    if (this.channel === undefined) throw new RangeError('a job without an upstream channel')
    return this.channel.make(from, this.#numbering)
  }
}
