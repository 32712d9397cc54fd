/** When a V1 device takes over a new difficulty. */
export type DifficultyHabit = 'at-once' | 'next-job' | 'clean-job'

/** A kind of V1 device. */
export interface Sv1Kind {
  readonly userAgent: string
  /** H/s. */
  readonly hashrate: number
  readonly habit: DifficultyHabit
  /** It suggests this difficulty when it has logged in. */
  readonly suggests?: number
}

const H_PER_DIFFICULTY = 2 ** 32

/** A V1 device that does not hash: it draws when it finds its next share. */
export class Sv1StatisticalMiner {
  readonly session: number
  readonly kind: Sv1Kind
  readonly user: string
  /** Difficulty it gets done in a millisecond. */
  readonly speed: number
  extranonce2 = ''
  jobId: string | undefined
  ntime = 0
  /** Difficulty it mines at, and the one it was told; infinite before it was told any. */
  difficulty = Number.POSITIVE_INFINITY
  told = Number.POSITIVE_INFINITY
  /** Grows when a drawn share is void because difficulty or work have changed. */
  draws = 0
  found = 0
  accepted = 0
  stale = 0
  rejected = 0
  /** When its first share was accepted; undefined before. */
  firstAccepted: number | undefined
  /** Why its connection was closed. */
  closed: string | undefined

  constructor(session: number, kind: Sv1Kind) {
    this.session = session
    this.kind = kind
    this.user = `farm.m${session}`
    this.speed = kind.hashrate / H_PER_DIFFICULTY / 1_000
  }

  /** Milliseconds until the next share, by one draw from 0 … 1. */
  wait(draw: number): number {
    return (-Math.log(1 - draw) * this.difficulty) / this.speed
  }

  /** A new difficulty. Answers whether it is mined at from now on. */
  tell(difficulty: number): boolean {
    this.told = difficulty
    return this.kind.habit === 'at-once' && this.#apply()
  }

  /** A job to work on. Answers whether the difficulty changes with it. */
  start(job: { readonly jobId: string; readonly ntime: number; readonly cleanJobs: boolean }): boolean {
    this.jobId = job.jobId
    this.ntime = job.ntime
    return (job.cleanJobs || this.kind.habit !== 'clean-job') && this.#apply()
  }

  #apply(): boolean {
    if (this.difficulty === this.told) return false
    this.difficulty = this.told
    this.draws++
    return true
  }
}
