/** Accepted shares that are acknowledged together. */
export interface Accepted {
  readonly count: number
  /** Their difficulties added up. */
  readonly work: number
  /** Sequence number of the last of them. */
  readonly last: number
}

interface Entry {
  /** How many shares of this number are not decided. */
  left: number
  count: number
  work: number
  last: number
}

/**
 * Shares of one channel that an upstream decides on, in the order in which they came. An acknowledgement speaks for
 * everything up to its number: so what was accepted behind an undecided share waits until that one is decided.
 */
export class PendingShares {
  /** By sequence number; a client that uses one number for many shares has one entry for them. */
  readonly #entries = new Map<number, Entry>()
  #newest: Entry | undefined

  /** How many wait, with those that are decided behind one that is not. */
  get size(): number {
    return this.#entries.size
  }

  /** A share that is not decided yet. */
  add(sequenceNumber: number): void {
    const known = this.#entries.get(sequenceNumber)
    if (known !== undefined) {
      known.left++
      return
    }
    this.#newest = { left: 1, count: 0, work: 0, last: sequenceNumber }
    this.#entries.set(sequenceNumber, this.#newest)
  }

  /** A share that is accepted. Answers false when nothing stands before it. */
  follow(sequenceNumber: number, difficulty: number): boolean {
    const newest = this.#newest
    if (newest === undefined) return false
    newest.count++
    newest.work += difficulty
    newest.last = sequenceNumber
    return true
  }

  /** A share is decided: accepted at a difficulty, or refused (undefined). Answers what can be acknowledged now. */
  decide(sequenceNumber: number, difficulty: number | undefined): Accepted | undefined {
    const entry = this.#entries.get(sequenceNumber)
    if (entry === undefined || entry.left === 0) return undefined
    entry.left--
    if (difficulty !== undefined) {
      entry.count++
      entry.work += difficulty
    }
    return this.#release()
  }

  #release(): Accepted | undefined {
    let released: Accepted | undefined
    for (const [sequenceNumber, { left, count, work, last }] of this.#entries) {
      if (left > 0) return released
      this.#entries.delete(sequenceNumber)
      if (count === 0) continue
      released = { count: (released?.count ?? 0) + count, work: (released?.work ?? 0) + work, last }
    }
    this.#newest = undefined
    return released
  }
}
