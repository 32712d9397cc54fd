import { readFileSync } from 'node:fs'

/**
 * The longest that the main thread worked between two timers, in processor time: what a stall is on a machine that has
 * nothing else to do, whatever else this one does. Linux tells that per thread; elsewhere it is 0.
 */
export class Turns {
  #longest = 0
  #last = 0
  #timer: NodeJS.Timeout | undefined

  /** Milliseconds; since `begin`. */
  get longestMs(): number {
    return this.#longest
  }

  begin(): void {
    clearTimeout(this.#timer)
    this.#longest = 0
    this.#last = workedMs()
    this.#next()
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      const now = workedMs()
      this.#longest = Math.max(this.#longest, now - this.#last)
      this.#last = workedMs()
      this.#next()
    }, 1)
  }
}

/** Processor time of the main thread so far, ms; 0 where that is not told. */
export function workedMs(): number {
  if (process.platform !== 'linux') return 0
  return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6
}
