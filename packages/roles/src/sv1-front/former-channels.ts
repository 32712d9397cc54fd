import type { Millis } from '../ground/role.ts'
import type { Channel } from '../mining/channel/channel.ts'

/** Channels of closed sessions by session id, so that a miner that comes back goes on with its extranonce1. */
export class FormerChannels {
  readonly #max: number
  readonly #forMs: number
  /** The oldest first. */
  readonly #kept = new Map<string, { readonly channel: Channel; readonly until: Millis }>()

  constructor(settings: { readonly maxResumable: number; readonly resumeMs: number }) {
    this.#max = settings.maxResumable
    this.#forMs = settings.resumeMs
  }

  /** Keeps the channel of a session that has ended; the oldest gives way when there are too many. */
  keep(sessionId: string, channel: Channel, now: Millis): void {
    this.#kept.delete(sessionId)
    this.#kept.set(sessionId, { channel, until: now + this.#forMs })
    for (const [id, { until }] of this.#kept) {
      if (this.#kept.size <= this.#max && until > now) return
      this.#kept.delete(id)
    }
  }

  /** Takes the channel of a session; undefined when it was forgotten. */
  take(sessionId: string, now: Millis): Channel | undefined {
    const kept = this.#kept.get(sessionId)
    this.#kept.delete(sessionId)
    return kept !== undefined && kept.until > now ? kept.channel : undefined
  }
}
