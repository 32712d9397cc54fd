import type { Millis } from '../role.ts'
import type { WorkChannel } from './work-channel.ts'

/** A channel that is given up waits this long for the answers to its shares, ms. */
const FAREWELL_MS = 3_000

/** Upstream channels that nobody works on any more, and whose last shares are not all answered. */
export class Farewells {
  #leaving: { readonly channel: WorkChannel; readonly until: Millis }[] = []

  add(channel: WorkChannel, now: Millis): void {
    this.#leaving.push({ channel, until: now + FAREWELL_MS })
  }

  /** Takes those that have all answers, or waited long enough. */
  takeDone(now: Millis): WorkChannel[] {
    if (this.#leaving.length === 0) return []
    return this.#take(({ channel, until }) => channel.sent.size === 0 || now >= until)
  }

  /** Takes those of an upstream that is gone. */
  takeLost(upstream: number): WorkChannel[] {
    return this.#take(({ channel }) => channel.upstream === upstream)
  }

  /** Upstreams that are still needed for them. */
  upstreams(): number[] {
    return this.#leaving.map(({ channel }) => channel.upstream)
  }

  #take(wanted: (each: { readonly channel: WorkChannel; readonly until: Millis }) => boolean): WorkChannel[] {
    const taken = this.#leaving.filter(wanted)
    this.#leaving = this.#leaving.filter((each) => !taken.includes(each))
    return taken.map(({ channel }) => channel)
  }
}
