import type { TemplateFeeds } from '../client/template-feeds.ts'
import type { Emit, Millis } from '../ground/role.ts'
import { isForLess, roomToAsk } from '../payouts/room-wish.ts'
import type { PoolFact } from './facts.ts'
import type { PayoutClasses } from './payout-classes.ts'

/** The template provider is told of less room no sooner than this after it was told of another, ms. */
const LESS_AFTER_MS = 600_000

/** Sees to it that templates leave the room that the newest distribution needs in the coinbases in use. */
export class TemplateRoom {
  readonly #feed: TemplateFeeds
  readonly #emit: Emit<PoolFact>
  #askedAt: Millis = Number.NEGATIVE_INFINITY

  constructor(feed: TemplateFeeds, emit: Emit<PoolFact>) {
    this.#feed = feed
    this.#emit = emit
  }

  /** Asks for another room where the present one does not suit. */
  suit(classes: PayoutClasses, now: Millis): void {
    const { room } = this.#feed
    const wish = roomToAsk(room, classes.needed, classes.longest)
    if (wish === undefined || (isForLess(wish, room) && now < this.#askedAt + LESS_AFTER_MS)) return
    this.#askedAt = now
    this.#feed.askRoom(wish)
    this.#emit({ kind: 'roomAsked', ...wish })
  }
}
