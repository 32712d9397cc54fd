/** Addresses that are counted apart in one second; all others together have one budget. */
const MOST_ADDRESSES = 10_000

/** Limits how often one address may ask in a second. */
export class RequestBudget {
  readonly #perSecond: number
  #second = Number.NaN
  #asked = new Map<string, number>()

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Whether an address may ask once more. `now` in ms. */
  take(address: string, now: number): boolean {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#asked = new Map()
    }
    const counted = this.#asked.has(address) || this.#asked.size < MOST_ADDRESSES ? address : 'others'
    const asked = this.#asked.get(counted) ?? 0
    if (asked >= this.#perSecond) return false
    this.#asked.set(counted, asked + 1)
    return true
  }
}
