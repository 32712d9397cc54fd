import { owned } from '../../ground/owned.ts'
import { type Millis, NEVER } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import type { Share } from '../channel/judge.ts'
import type { Connection } from './connection.ts'

/** How long a share may wait for the tip of its job, ms. */
const WAIT_MS = 10_000
/** Shares that may wait on one channel, and in all. */
const MAX_PER_CHANNEL = 8
const MAX_WAITING = 4_096

/** A share and where it came from. */
export interface Submit {
  readonly connection: Connection
  readonly channel: Channel
  readonly share: Share
}

/**
 * Shares on jobs whose tip this node has not heard of yet. A client with a node of its own may learn of a block first
 * and begin on the future job it was sent; its work is good as soon as the tip arrives here (POOL-36).
 */
export class EarlyShares {
  #waiting: { readonly submit: Submit; readonly until: Millis }[] = []
  readonly #perChannel = new Map<Channel, number>()

  /** When the first one has waited long enough; `NEVER` when none waits. */
  nextDeadline(): Millis {
    return this.#waiting[0]?.until ?? NEVER
  }

  /** Keeps a share until its tip comes; false when too many wait. */
  keep(submit: Submit, now: Millis): boolean {
    const count = this.#perChannel.get(submit.channel) ?? 0
    if (count >= MAX_PER_CHANNEL || this.#waiting.length >= MAX_WAITING) return false
    this.#perChannel.set(submit.channel, count + 1)
    this.#waiting.push({ submit: { ...submit, share: owned(submit.share) }, until: now + WAIT_MS })
    return true
  }

  /** Takes those that can be judged now: their job waits no longer, or they have waited long enough. */
  takeDecided(now: Millis): Submit[] {
    if (this.#waiting.length === 0) return []
    const decided: Submit[] = []
    this.#waiting = this.#waiting.filter(({ submit, until }) => {
      const { channel, share } = submit
      if (!channel.closed && now < until && channel.book.state(share.jobId) === 'future') return true
      this.#forget(channel)
      decided.push(submit)
      return false
    })
    return decided
  }

  #forget(channel: Channel): void {
    const count = (this.#perChannel.get(channel) ?? 1) - 1
    if (count === 0) this.#perChannel.delete(channel)
    else this.#perChannel.set(channel, count)
  }
}
