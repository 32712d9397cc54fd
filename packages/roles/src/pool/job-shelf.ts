import type { NewTemplate } from '@sv2/messages'
import { buildJob, type Job, type JobIdentity, type Payout, type Tip } from '../channel/job.ts'
import { JobBook } from '../channel/job-book.ts'

/** A job book with what its jobs are made of. */
export interface Shelf {
  readonly name: string
  readonly book: JobBook
  readonly payout: Payout
  /** Network address of the client that brought it; undefined where no limit per address holds. */
  readonly broughtBy: string | undefined
  /** The job last made for single channels, and from which template. */
  extra: Job | undefined
}

/** Numbers jobs: ids that no live job has, places in the order of things, and what their coinbases say. */
export interface JobNumbers {
  nextJobId(): number
  nextOrder(): number
  /** The number in the coinbase of a job; one that nobody guesses before the job is sent. */
  coinbaseNumber(jobId: number): number
  /** See `JobBook`. */
  isFormer(jobId: number): boolean
}

/** What is the same in all jobs. */
export interface ShelfSettings {
  readonly versionRollingAllowed: boolean
  /** Bytes of every extranonce, prefix and rolled part together. */
  readonly extranonceSize: number
}

/** The job books of a pool: one for each payout. All of them carry jobs of the same templates. */
export class JobShelves {
  readonly #shelves = new Map<string, Shelf>()
  readonly #byBook = new Map<JobBook, Shelf>()
  readonly #brought = new Map<string, number>()
  readonly #templates = new WeakMap<Job, NewTemplate>()
  readonly #numbers: JobNumbers
  readonly #settings: ShelfSettings

  constructor(settings: ShelfSettings, numbers: JobNumbers) {
    this.#settings = settings
    this.#numbers = numbers
  }

  all(): IterableIterator<Shelf> {
    return this.#shelves.values()
  }

  get size(): number {
    return this.#shelves.size
  }

  /** How many shelves clients of one network address brought. */
  broughtBy(address: string): number {
    return this.#brought.get(address) ?? 0
  }

  /** The template a job was made of. */
  templateOf(job: Job): NewTemplate | undefined {
    return this.#templates.get(job)
  }

  of(book: JobBook): Shelf | undefined {
    return this.#byBook.get(book)
  }

  /** The shelf of a payout, told apart by `key`; undefined when there is none yet. */
  find(key: string): Shelf | undefined {
    return this.#shelves.get(key)
  }

  /** Makes the shelf of a payout that has none. */
  make(key: string, payout: Payout, broughtBy?: string): Shelf {
    const book = new JobBook((jobId) => this.#numbers.isFormer(jobId))
    const shelf: Shelf = { name: key, book, payout, broughtBy, extra: undefined }
    this.#shelves.set(key, shelf)
    this.#byBook.set(shelf.book, shelf)
    if (broughtBy !== undefined) this.#brought.set(broughtBy, this.broughtBy(broughtBy) + 1)
    return shelf
  }

  /** Forgets the shelf of a book that nobody works on. */
  drop(book: JobBook): void {
    const shelf = this.#byBook.get(book)
    if (shelf === undefined) return
    this.#byBook.delete(book)
    this.#shelves.delete(shelf.name)
    const { broughtBy } = shelf
    if (broughtBy === undefined) return
    const left = this.broughtBy(broughtBy) - 1
    if (left > 0) this.#brought.set(broughtBy, left)
    else this.#brought.delete(broughtBy)
  }

  /** No block can be made of a template any more: shares of its jobs are stale from now on. */
  dropTemplate(templateId: bigint): void {
    for (const { book } of this.#shelves.values())
      for (const job of [...book.running()])
        if (this.templateOf(job)?.templateId === templateId) book.drop(job.jobId)
  }

  /** A job that waits for its tip. */
  future(shelf: Shelf, template: NewTemplate): Job {
    const job = this.#build(shelf, template)
    shelf.book.addFuture(job)
    return job
  }

  /** A job of the present tip for everybody. */
  active(shelf: Shelf, template: NewTemplate, tip: Tip): Job {
    const job = this.#build(shelf, template)
    shelf.book.addActive(job, tip, job.order)
    shelf.extra = undefined
    return job
  }

  /** A job of the present tip for single channels; the same one for all that ask until `renewExtras`. */
  extra(shelf: Shelf, template: NewTemplate, tip: Tip): Job {
    if (shelf.extra !== undefined && shelf.book.live(shelf.extra.jobId) !== undefined) return shelf.extra
    const job = this.#build(shelf, template)
    shelf.book.addExtra(job, tip, job.order)
    shelf.extra = job
    return job
  }

  /** From now on, single channels get jobs of their own again. */
  renewExtras(): void {
    for (const shelf of this.#shelves.values()) shelf.extra = undefined
  }

  #build(shelf: Shelf, template: NewTemplate): Job {
    const { versionRollingAllowed, extranonceSize } = this.#settings
    const jobId = this.#numbers.nextJobId()
    const identity: JobIdentity = {
      jobId,
      order: this.#numbers.nextOrder(),
      versionRollingAllowed,
      number: this.#numbers.coinbaseNumber(jobId),
    }
    const job = buildJob(template, shelf.payout, extranonceSize, identity)
    this.#templates.set(job, template)
    return job
  }
}
