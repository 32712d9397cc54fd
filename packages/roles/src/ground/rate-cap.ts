import type { Millis } from './role.ts'

/** What was left unused counts for this long, s. */
const WINDOW_SECONDS = 10

/** A cap on how often a peer does something: so many a second, over ten seconds. */
export class RateCap {
  #left: number
  #at: Millis

  constructor(perSecond: number, now: Millis) {
    this.#left = perSecond * WINDOW_SECONDS
    this.#at = now
  }

  /** Whether a tenth of the room, or more, was used up lately. */
  isStrained(perSecond: number): boolean {
    return this.#left < perSecond * WINDOW_SECONDS * 0.9
  }

  /** Takes one; false when that is too often. */
  take(perSecond: number, now: Millis): boolean {
    this.#gain(perSecond, now)
    if (this.#left < 1) return false
    this.#left--
    return true
  }

  /** Takes one that has happened already. Answers for how many seconds none may follow; 0 while there is room. */
  owe(perSecond: number, now: Millis): number {
    this.#gain(perSecond, now)
    this.#left--
    return Math.max(0, -this.#left / perSecond)
  }

  /** Whether nothing has happened lately. */
  isUnused(perSecond: number, now: Millis): boolean {
    this.#gain(perSecond, now)
    return this.#left >= perSecond * WINDOW_SECONDS
  }

  #gain(perSecond: number, now: Millis): void {
    const gained = (Math.max(0, now - this.#at) / 1000) * perSecond
    this.#left = Math.min(perSecond * WINDOW_SECONDS, this.#left + gained)
    this.#at = now
  }
}
