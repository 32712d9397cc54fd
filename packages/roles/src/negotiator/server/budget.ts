import type { Millis } from '../../ground/role.ts'

const MINUTE_MS = 60_000

/** So much in a minute: all of it at once when nothing was taken for a while, then as it comes back. */
export class Budget {
  readonly #perMinute: number
  #left: number
  #at: Millis = 0

  constructor(perMinute: number) {
    this.#perMinute = perMinute
    this.#left = perMinute
  }

  /** Takes one; false when there is none. */
  take(now: Millis): boolean {
    this.#refill(now)
    if (this.#left < 1) return false
    this.#left--
    return true
  }

  /** When there is one again; `now` when there is one. */
  nextAt(now: Millis): Millis {
    this.#refill(now)
    return this.#left >= 1 ? now : now + Math.ceil(((1 - this.#left) * MINUTE_MS) / this.#perMinute)
  }

  #refill(now: Millis): void {
    const passed = Math.max(0, now - this.#at)
    this.#at = now
    // a grain more than earned, so that rounding never makes a deadline come too early
    this.#left = Math.min(this.#perMinute, this.#left + (passed * this.#perMinute) / MINUTE_MS + 1e-9)
  }
}
