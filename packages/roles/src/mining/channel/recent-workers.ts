import type { Millis } from '../../ground/role.ts'

/** A worker counts for this long after its last share, ms. */
const SEEN_FOR_MS = 600_000
/** Names remembered; one more drops the one seen longest ago. */
const MAX_NAMES = 256

/** The workers that have lately named themselves on the shares of one channel (extension 0x0002). */
export class RecentWorkers {
  /** Name → its last share, the oldest first. */
  readonly #seen = new Map<string, Millis>()

  /** A worker's share was accepted. */
  see(name: string, now: Millis): void {
    this.#seen.delete(name)
    this.#seen.set(name, now)
    if (this.#seen.size <= MAX_NAMES) return
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest)
      return
    }
  }

  /** How many there are. */
  count(now: Millis): number {
    for (const [name, at] of this.#seen) {
      if (now - at <= SEEN_FOR_MS) break
      this.#seen.delete(name)
    }
    return this.#seen.size
  }
}
