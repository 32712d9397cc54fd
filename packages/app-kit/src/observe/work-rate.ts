/** Difficulty 1 in hashes. */
const HASHES_PER_DIFFICULTY = 2 ** 32
/** The measured hash rate is that of this time, ms. */
const WINDOW_MS = 60_000

/** Work of the last minute, in slices of a second: constant memory, whatever the share rate. */
export class WorkRate {
  readonly #slices = new Float64Array(WINDOW_MS / 1000)
  #second = 0
  #started: number | undefined

  add(difficulty: number, now: number): void {
    this.#advance(now)
    this.#slices[this.#second % this.#slices.length]! += difficulty
  }

  /** H/s over the window that ends now. */
  hashrate(now: number): number {
    if (this.#started === undefined) return 0
    this.#advance(now)
    const overMs = Math.min(WINDOW_MS, Math.max(1000, now - this.#started))
    return (this.#slices.reduce((sum, slice) => sum + slice, 0) * HASHES_PER_DIFFICULTY * 1000) / overMs
  }

  #advance(now: number): void {
    this.#started ??= now
    const second = Math.floor(now / 1000)
    if (this.#second === 0) this.#second = second
    const steps = Math.min(second - this.#second, this.#slices.length)
    for (let step = 1; step <= steps; step++) this.#slices[(this.#second + step) % this.#slices.length] = 0
    this.#second = second
  }
}
