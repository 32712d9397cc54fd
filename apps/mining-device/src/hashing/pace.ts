/** Time for one stretch of hashing, ms: so long new work may have to wait. */
const STRETCH_MS = 4
/** What a thread was kept from doing is made up for, but no more than this, seconds. */
const MOST_OWED_SECONDS = 1
const FIRST_STRETCH = 512

/** How much a thread hashes before it looks up, and how long it rests to stay below its cap. */
export class Pace {
  readonly #cap: number
  #stretch = FIRST_STRETCH
  #allowance = 0
  #last: number

  /** @param cap H/s; Infinity for none */
  constructor(cap: number, nowMs: number) {
    this.#cap = cap
    this.#last = nowMs
  }

  /** Forgets what was not hashed up to now, after a time without work. */
  restart(nowMs: number): void {
    this.#allowance = 0
    this.#last = nowMs
  }

  /** How many hashes to do now; 0 means to rest for `restMs` first. */
  next(nowMs: number): number {
    if (this.#cap === Number.POSITIVE_INFINITY) return this.#stretch
    const most = Math.max(1, this.#cap * MOST_OWED_SECONDS)
    this.#allowance = Math.min(most, this.#allowance + (this.#cap * (nowMs - this.#last)) / 1000)
    this.#last = nowMs
    return Math.min(this.#stretch, Math.floor(this.#allowance))
  }

  /** Time until one more hash is allowed, ms. */
  get restMs(): number {
    return this.#cap === Number.POSITIVE_INFINITY ? 0 : ((1 - this.#allowance) * 1000) / this.#cap
  }

  /** Tells what was done, so that the next stretch takes its time. */
  done(hashes: number, tookMs: number): void {
    if (this.#cap !== Number.POSITIVE_INFINITY) this.#allowance -= hashes
    if (hashes < this.#stretch) return
    // At most doubled or halved: one stretch that was interrupted says little.
    const fitting = (hashes * STRETCH_MS) / Math.max(tookMs, 0.01)
    this.#stretch = Math.max(1, Math.round(Math.min(2 * hashes, Math.max(hashes / 2, fitting))))
  }
}
