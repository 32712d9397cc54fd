import type { PendingShare } from '../mining/miners/shares.ts'

/** Heads of the list that are given out before it is copied. */
const MANY_GONE = 4_096

/**
 * Shares that were found good and are not on disk yet, in the order in which they came. Each is acknowledged when it is
 * recorded, or refused when the disk refuses it.
 */
export class UnrecordedShares {
  #shares: PendingShare[] = []
  #gone = 0

  get size(): number {
    return this.#shares.length - this.#gone
  }

  add(share: PendingShare): void {
    this.#shares.push(share)
  }

  /** The oldest of them; undefined when there is none. */
  shift(): PendingShare | undefined {
    const share = this.#shares[this.#gone]
    if (share === undefined) return undefined
    this.#gone++
    if (this.#gone === this.#shares.length || this.#gone >= MANY_GONE) {
      this.#shares = this.#shares.slice(this.#gone)
      this.#gone = 0
    }
    return share
  }
}
