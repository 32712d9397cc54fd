import type { Channel } from '../../mining/channel/channel.ts'

/** Shares of one channel: what is found here and what becomes of it above. `found` minus the others stayed here. */
export interface ShareTally {
  found: number
  sent: number
  acknowledged: number
  refused: number
  /** Sent, and the upstream went away before it answered. */
  unanswered: number
}

/** The tallies of all channels that found a share. */
export class ShareTallies {
  readonly #tallies = new Map<Channel, ShareTally>()

  of(channel: Channel): ShareTally {
    const known = this.#tallies.get(channel)
    if (known !== undefined) return known
    const tally = { found: 0, sent: 0, acknowledged: 0, refused: 0, unanswered: 0 }
    this.#tallies.set(channel, tally)
    return tally
  }

  entries(): IterableIterator<[Channel, ShareTally]> {
    return this.#tallies.entries()
  }

  /** Forgets channels that are closed and have nothing under way. */
  sweep(): void {
    for (const [channel, { sent, acknowledged, refused, unanswered }] of this.#tallies)
      if (channel.closed && sent === acknowledged + refused + unanswered) this.#tallies.delete(channel)
  }
}
