/** Lines of one kind in one window, at most. */
const LINES = 50
const WINDOW_MS = 10_000

/** Limits how many lines peers can cause: what they can send without end must not fill a disk. */
export class LineBudget {
  readonly #spent = new Map<string, number>()
  #since = Number.NEGATIVE_INFINITY

  /** Whether another line with this text may be printed. `now` in ms. */
  take(text: string, now: number): boolean {
    if (now - this.#since >= WINDOW_MS) {
      this.#spent.clear()
      this.#since = now
    }
    const spent = this.#spent.get(text) ?? 0
    this.#spent.set(text, spent + 1)
    return spent < LINES
  }
}
