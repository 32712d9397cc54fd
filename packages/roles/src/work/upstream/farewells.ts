import { type Millis, NEVER } from '../../ground/role.ts'
import type { WorkSeat } from './line.ts'
import type { WorkChannel } from './work-channel.ts'

/** A channel that is given up waits this long for the answers to its shares, ms. */
const FAREWELL_MS = 3_000

/** An upstream channel that no miner works on any more, and the book that it fed. */
export interface Farewell {
  readonly channel: WorkChannel
  readonly seat: WorkSeat
  readonly until: Millis
}

/** Upstream channels that no miner works on any more, and whose last shares are not all answered. */
export class Farewells {
  /** Those that end first come first. */
  readonly #leaving = new Map<WorkChannel, Farewell>()

  /** When the first one has waited long enough; `NEVER` when none waits. */
  nextDeadline(): Millis {
    for (const { until } of this.#leaving.values()) return until
    return NEVER
  }

  add(channel: WorkChannel, seat: WorkSeat, now: Millis): void {
    this.#leaving.set(channel, { channel, seat, until: now + FAREWELL_MS })
  }

  /** Takes a channel that has all its answers; undefined when some are missing still. */
  takeSettled(channel: WorkChannel): Farewell | undefined {
    const leaving = this.#leaving.get(channel)
    if (channel.sent.size > 0) return undefined
    this.#leaving.delete(channel)
    return leaving
  }

  /** Takes those that have waited long enough. */
  takeDue(now: Millis): Farewell[] {
    const due: Farewell[] = []
    for (const leaving of this.#leaving.values()) {
      if (leaving.until > now) break
      this.#leaving.delete(leaving.channel)
      due.push(leaving)
    }
    return due
  }

  /** Takes those of an upstream that is gone. */
  takeLost(upstream: number): Farewell[] {
    const lost = [...this.#leaving.values()].filter(({ channel }) => channel.upstream === upstream)
    for (const { channel } of lost) this.#leaving.delete(channel)
    return lost
  }
}
