import type { Level } from './difficulty.ts'
import type { Job } from './job.ts'
import type { JobBook, JobState } from './job-book.ts'

/** The jobs that a set of channels shares, as channels see them; the maker of the jobs writes them into a `JobBook`. */
export interface Jobs {
  /** The book that says what becomes of the jobs. */
  readonly root: JobBook
  /** The job new channels start on. */
  readonly active: Job | undefined
  /** The first place in the order that a job counts from for which shares are credited; `Infinity` when there is none. */
  readonly oldestLive: number
  /** Whether a job waits for a tip. */
  readonly isWaiting: boolean
  /** Grows with each tip; channels drop what they remember of older ones. */
  readonly generation: number
  /** The hardest share difficulty of these jobs: every hash that the upstream pays for has to come through. */
  readonly maxDifficulty: number
  /**
   * The one difficulty of all channels, where no share is wanted that the upstream does not pay for. Otherwise
   * undefined.
   */
  readonly only: Level | undefined
  state(jobId: number): JobState
  /** A job for which shares are credited now. */
  live(jobId: number): Job | undefined
  /** Whether a job of this search space is live. */
  hasSpace(space: number): boolean
  /** The jobs that wait for a tip, oldest first. */
  waiting(): Iterable<Job>
  /** A job of the root book, as these channels are told it. */
  told(job: Job): Job
}
