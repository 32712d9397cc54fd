import type { Millis } from '../../ground/role.ts'
import type { Job, Tip } from './job.ts'
import { JobBook } from './job-book.ts'

/** Jobs that a channel may bring for one tip: one every two seconds for two hours. */
const MAX_JOBS_PER_TIP = 4_096

/** How a job is told from others of its channel, and how long it counts. */
export interface CustomTerms {
  /** Equal for jobs that are mined in the same search space. */
  readonly content: string
  /** Shares count until then; undefined: as long as the tip. */
  readonly expires: Millis | undefined
}

/**
 * The jobs that a client brought for one channel. A job that comes twice has one search space, however many came
 * between: what was credited once for a tip is not credited again.
 */
export class CustomBook {
  readonly jobs = new JobBook()
  readonly #spaces = new Map<string, number>()
  readonly #known = new Set<number>()
  #expiring: { readonly jobId: number; readonly space: number; readonly expires: Millis }[] = []

  /** No more jobs are taken before the next tip. */
  get isFull(): boolean {
    return this.#spaces.size >= MAX_JOBS_PER_TIP
  }

  /** When the first job expires; undefined when none does. */
  get nextExpiry(): Millis | undefined {
    return this.#expiring.reduce<Millis | undefined>(
      (first, { expires }) => Math.min(first ?? expires, expires),
      undefined,
    )
  }

  /** Whether a job of this search space came since the tip. */
  hasSpace(space: number): boolean {
    return this.#known.has(space)
  }

  /** The active job, where it is mined in this search space. */
  activeOf(content: string): Job | undefined {
    const { active } = this.jobs
    return active?.space === this.#spaces.get(content) ? active : undefined
  }

  /** Takes a job; the one before still earns credit. */
  add(job: Job, tip: Tip, terms: CustomTerms): void {
    const space = this.#spaces.get(terms.content) ?? job.space
    this.#spaces.set(terms.content, space)
    this.#known.add(space)
    const { expires } = terms
    if (expires === undefined) this.#expiring = this.#expiring.filter((each) => each.space !== space)
    else this.#expiring.push({ jobId: job.jobId, space, expires })
    this.jobs.addActive(space === job.space ? job : { ...job, space }, tip, job.activeSince)
  }

  /** Drops the jobs whose time is over. */
  expire(now: Millis): void {
    for (const { jobId, expires } of this.#expiring) if (expires <= now) this.jobs.drop(jobId)
    this.#expiring = this.#expiring.filter(({ expires }) => expires > now)
  }

  /** The tip has changed: no job is worth anything any more. */
  clear(): void {
    this.jobs.clear()
    this.#spaces.clear()
    this.#known.clear()
    this.#expiring = []
  }
}
