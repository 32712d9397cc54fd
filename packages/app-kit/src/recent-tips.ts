/** Tips that are remembered: more than are in use at one time, since a process may hear of one late. */
const REMEMBERED = 16

/** Tells news from what another process of the pool has told already. */
export class RecentTips {
  readonly #seen = new Set<string>()

  /** Whether this is the first time. @param prevHash hex */
  isNew(prevHash: string): boolean {
    if (this.#seen.has(prevHash)) return false
    this.#seen.add(prevHash)
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value!)
    return true
  }
}
