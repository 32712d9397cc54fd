import type { Millis } from '../ground/role.ts'
import { MeasuredHashrate } from './hashrate.ts'

/** The measured rate is told when it differs from the declared one by more than this factor. */
const RATE_TOLERANCE = 1.5
/** The rate is not told more often than this, ms. */
const RATE_EVERY_MS = 10_000

/** What a device says about its hash rate, and when. */
export class RateReport {
  #measured = new MeasuredHashrate()
  #declared: number
  #next: Millis = 0

  /** @param declared H/s, until something is measured */
  constructor(declared: number) {
    this.#declared = declared
  }

  /** H/s to declare to a server. */
  get declared(): number {
    return this.#declared
  }

  /** Work starts after a time without: that time does not count in the average. */
  restart(): void {
    this.#measured = new MeasuredHashrate()
  }

  /** Counts hashes. Answers the rate when it is time to tell it, H/s. */
  hashed(hashes: number, now: Millis): number | undefined {
    const hashrate = this.#measured.add(hashes, now)
    if (now < this.#next || hashrate === 0) return undefined
    this.#next = now + RATE_EVERY_MS
    return hashrate
  }

  /** Takes a rate as the declared one. Answers whether it differs so much that a server has to know. */
  declare(hashrate: number): boolean {
    const ratio = this.#declared === 0 ? Number.POSITIVE_INFINITY : hashrate / this.#declared
    if (ratio < RATE_TOLERANCE && ratio > 1 / RATE_TOLERANCE) return false
    this.#declared = hashrate
    return true
  }
}
