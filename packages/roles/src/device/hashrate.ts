import type { Millis } from '../ground/role.ts'

/** Time constant of the average, ms. */
const TAU_MS = 10_000

/** A measured hash rate: hashes counted over time, recent ones weighing more. */
export class MeasuredHashrate {
  #hashes = 0
  #mass = 0
  #last: Millis | undefined

  /** Counts hashes done since the last call. Answers H/s. */
  add(hashes: number, now: Millis): number {
    const elapsed = this.#last === undefined ? 0 : Math.max(0, now - this.#last)
    this.#last = now
    if (elapsed === 0) return this.hashrate
    const kept = Math.exp(-elapsed / TAU_MS)
    this.#hashes = this.#hashes * kept + hashes
    this.#mass = this.#mass * kept + elapsed
    return this.hashrate
  }

  /** H/s; 0 before the first measurement. */
  get hashrate(): number {
    return this.#mass === 0 ? 0 : (this.#hashes * 1000) / this.#mass
  }
}
