import type { Level } from './difficulty.ts'
import type { Job } from './job.ts'
import type { JobBook, JobState } from './job-book.ts'
import type { Jobs } from './jobs.ts'

/** Jobs whose coinbases are kept for the next share: the present one, and what late shares come on. */
const MAX_KEPT = 4

/**
 * The jobs of a book that many payouts share, with coinbases that pay one of them. What becomes of a job is written once,
 * however many payouts there are; a coinbase is put together when its channels are told, and kept when they send a share.
 */
export class PayoutBook implements Jobs {
  readonly root: JobBook
  readonly #pay: (job: Job) => Job
  /** Live jobs of the root and what became of them here, oldest first. */
  readonly #kept = new Map<Job, Job>()

  /** @param pay gives a job of the root the coinbase of this payout */
  constructor(root: JobBook, pay: (job: Job) => Job) {
    this.root = root
    this.#pay = pay
  }

  get active(): Job | undefined {
    return this.#paid(this.root.active)
  }

  get oldestLive(): number {
    return this.root.oldestLive
  }

  get isWaiting(): boolean {
    return this.root.isWaiting
  }

  get generation(): number {
    return this.root.generation
  }

  get maxDifficulty(): number {
    return this.root.maxDifficulty
  }

  get only(): Level | undefined {
    return this.root.only
  }

  state(jobId: number): JobState {
    return this.root.state(jobId)
  }

  live(jobId: number): Job | undefined {
    const job = this.root.live(jobId)
    if (job === undefined) return undefined
    const known = this.#kept.get(job)
    if (known !== undefined) return known
    const paid = this.#pay(job)
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.set(job, paid)
    return paid
  }

  hasSpace(space: number): boolean {
    return this.root.hasSpace(space)
  }

  *waiting(): Iterable<Job> {
    for (const job of this.root.waiting()) yield this.told(job)
  }

  told(job: Job): Job {
    return this.#kept.get(job) ?? this.#pay(job)
  }

  #paid(job: Job | undefined): Job | undefined {
    return job === undefined ? undefined : this.told(job)
  }
}
