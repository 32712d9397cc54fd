import { RateCap } from '../../ground/rate-cap.ts'
import type { Millis } from '../../ground/role.ts'

/** Addresses that are remembered before those that refuse nothing lately are looked for. */
const MANY_ADDRESSES = 4_096

/** How much of what an address sends was refused lately. */
export class Refusals {
  readonly #caps = new Map<string, RateCap>()

  /** One more. Answers how many seconds the address has to be silent; 0 while there is room. */
  owe(
    address: string,
    perSecond: number,
    now: Millis,
  ): { readonly seconds: number; readonly isStrained: boolean } {
    if (this.#caps.size > MANY_ADDRESSES) this.#sweep(perSecond, now)
    const cap = this.#caps.get(address) ?? new RateCap(perSecond, now)
    this.#caps.set(address, cap)
    return { seconds: cap.owe(perSecond, now), isStrained: cap.isStrained(perSecond) }
  }

  #sweep(perSecond: number, now: Millis): void {
    for (const [address, cap] of this.#caps) if (cap.isUnused(perSecond, now)) this.#caps.delete(address)
    for (const address of this.#caps.keys()) {
      if (this.#caps.size <= MANY_ADDRESSES) return
      this.#caps.delete(address)
    }
  }
}
