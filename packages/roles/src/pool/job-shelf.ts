import type { NewTemplate } from '@sv2/messages'
import { buildJob, type Job, type JobIdentity, type Payout, type Tip } from '../channel/job.ts'
import { JobBook } from '../channel/job-book.ts'

/** A job book with what its jobs are made of. */
export interface Shelf {
  readonly name: string
  readonly book: JobBook
  readonly payout: Payout
  readonly extranonceSize: number
  /** The job last made for single channels, and from which template. */
  extra: Job | undefined
}

/** Numbers jobs: ids that no live job has, and places in the order of things. */
export interface JobNumbers {
  nextJobId(): number
  nextOrder(): number
}

/**
 * The job books of a pool: one for each pair of payout and extranonce size. All of them carry jobs of the same
 * templates.
 */
export class JobShelves {
  readonly #shelves = new Map<string, Shelf>()
  readonly #byBook = new Map<JobBook, Shelf>()
  readonly #templates = new WeakMap<Job, NewTemplate>()
  readonly #numbers: JobNumbers
  readonly #versionRollingAllowed: boolean

  constructor(settings: { readonly versionRollingAllowed: boolean }, numbers: JobNumbers) {
    this.#versionRollingAllowed = settings.versionRollingAllowed
    this.#numbers = numbers
  }

  all(): IterableIterator<Shelf> {
    return this.#shelves.values()
  }

  get size(): number {
    return this.#shelves.size
  }

  /** The template a job was made of. */
  templateOf(job: Job): NewTemplate | undefined {
    return this.#templates.get(job)
  }

  of(book: JobBook): Shelf | undefined {
    return this.#byBook.get(book)
  }

  /** The shelf of a payout, told apart by `key`; undefined when there is none yet. */
  find(key: string, extranonceSize: number): Shelf | undefined {
    return this.#shelves.get(shelfName(key, extranonceSize))
  }

  /** Makes the shelf of a payout that has none. */
  make(key: string, payout: Payout, extranonceSize: number): Shelf {
    const name = shelfName(key, extranonceSize)
    const shelf: Shelf = { name, book: new JobBook(), payout, extranonceSize, extra: undefined }
    this.#shelves.set(name, shelf)
    this.#byBook.set(shelf.book, shelf)
    return shelf
  }

  /** Forgets the shelf of a book that nobody works on. */
  drop(book: JobBook): void {
    const shelf = this.#byBook.get(book)
    if (shelf === undefined) return
    this.#byBook.delete(book)
    this.#shelves.delete(shelf.name)
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
    const identity: JobIdentity = {
      jobId: this.#numbers.nextJobId(),
      order: this.#numbers.nextOrder(),
      versionRollingAllowed: this.#versionRollingAllowed,
    }
    const job = buildJob(template, shelf.payout, shelf.extranonceSize, identity)
    this.#templates.set(job, template)
    return job
  }
}

function shelfName(key: string, extranonceSize: number): string {
  return `${key}/${extranonceSize}`
}
