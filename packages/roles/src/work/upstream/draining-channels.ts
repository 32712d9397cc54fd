import { type Millis, NEVER } from '../../ground/role.ts'
import type { WorkChannel } from './work-channel.ts'
import type { WorkSlot } from './workload.ts'

/** A channel that is given up waits this long for the answers to its shares, ms. */
const DRAIN_MS = 3_000

/** An upstream channel that no miner works on any more, and the book that it fed. */
export interface DrainingChannel {
  readonly channel: WorkChannel
  readonly slot: WorkSlot
  readonly until: Millis
}

/** Upstream channels that no miner works on any more, and whose last shares are not all answered. */
export class DrainingChannels {
  /** Those that end first come first. */
  readonly #leaving = new Map<WorkChannel, DrainingChannel>()

  /** When the first one has waited long enough; `NEVER` when none waits. */
  nextDeadline(): Millis {
    for (const { until } of this.#leaving.values()) return until
    return NEVER
  }

  add(channel: WorkChannel, slot: WorkSlot, now: Millis): void {
    this.#leaving.set(channel, { channel, slot, until: now + DRAIN_MS })
  }

  /** Takes a channel that has all its answers; undefined when some are missing still. */
  takeSettled(channel: WorkChannel): DrainingChannel | undefined {
    const leaving = this.#leaving.get(channel)
    if (channel.sent.size > 0) return undefined
    this.#leaving.delete(channel)
    return leaving
  }

  /** Takes those that have waited long enough. */
  takeDue(now: Millis): DrainingChannel[] {
    const due: DrainingChannel[] = []
    for (const leaving of this.#leaving.values()) {
      if (leaving.until > now) break
      this.#leaving.delete(leaving.channel)
      due.push(leaving)
    }
    return due
  }

  /** Takes those of an upstream that is gone. */
  takeLost(upstream: number): DrainingChannel[] {
    const lost = [...this.#leaving.values()].filter(({ channel }) => channel.upstream === upstream)
    for (const { channel } of lost) this.#leaving.delete(channel)
    return lost
  }
}
