/** When a device takes over a new target. */
export type TargetHabit = 'at-once' | 'next-job'

/** What a device is made of. */
export interface MinerSettings {
  readonly session: number
  readonly kind: 'standard' | 'extended'
  /** Difficulty it gets done in a millisecond. */
  readonly speed: number
  readonly habit: TargetHabit
}

/** A device that does not hash: it draws when it finds its next share, and how good that one is. */
export class StatisticalMiner {
  readonly session: number
  readonly kind: 'standard' | 'extended'
  readonly habit: TargetHabit
  speed: number
  channelId = 0
  extranonceSize = 0
  jobId: number | undefined
  /** First header time of the job. */
  ntime = 0
  /** Difficulty it mines at, and the one it was told. */
  difficulty = Number.POSITIVE_INFINITY
  told = Number.POSITIVE_INFINITY
  sequenceNumber = 0
  /** Grows when a drawn share is void because difficulty or speed have changed. */
  draws = 0

  constructor(settings: MinerSettings) {
    this.session = settings.session
    this.kind = settings.kind
    this.speed = settings.speed
    this.habit = settings.habit
  }

  /** Milliseconds until the next share, by one draw from 0 … 1. */
  wait(draw: number): number {
    return (-Math.log(1 - draw) * this.difficulty) / this.speed
  }

  /** A new target. Answers whether it is mined at from now on. */
  tell(difficulty: number): boolean {
    this.told = difficulty
    return this.habit === 'at-once' && this.#apply()
  }

  /** A job to work on. Answers whether the difficulty changes with it. */
  start(jobId: number, ntime: number): boolean {
    this.jobId = jobId
    this.ntime = ntime
    return this.#apply()
  }

  #apply(): boolean {
    if (this.difficulty === this.told) return false
    this.difficulty = this.told
    this.draws++
    return true
  }
}
