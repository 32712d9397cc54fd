import { hex } from '@sv2/bitcoin'
import type { Message, NewTemplate } from '@sv2/messages'
import {
  TemplateFeed,
  type TemplateFeedEffect,
  type TemplateFeedSettings,
} from '../../client/template-feed.ts'
import type { Emit, Millis } from '../../ground/role.ts'
import { isSameTip, type Tip } from '../../mining/channel/job.ts'
import { type CoinbaseRoom, fitsRoom, MOST_OUTPUT_BYTES } from '../../payouts/coinbase-room.ts'
import { isForLess, roomToAsk } from '../../payouts/room-wish.ts'
import type { TemplateTransactions } from './own-work.ts'
import { heightIn, heightOfOffer, type Offer } from './pool-offer.ts'

/** A provider answers a wish for more room with another template, or not at all: so long it is waited for, ms. */
const ROOM_MS = 5_000

/** Less room is told no sooner than this after other room was told, ms. */
const LESS_AFTER_MS = 600_000

/** Tips that are remembered: a pool on one of them is behind us, and on another ahead. */
const MAX_TIPS = 16

/** What a message of the template provider means. */
export type OwnTemplateNews =
  /** A better template for the present tip. */
  | { readonly kind: 'update' }
  /** Another tip, and a template for it. */
  | { readonly kind: 'tip'; readonly tip: Tip }
  /** The transactions of a template that were asked for; undefined when it is out of date. */
  | {
      readonly kind: 'transactions'
      readonly templateId: bigint
      readonly found: TemplateTransactions | undefined
    }

/** The templates of our own node: the newest one, its tip, and the transactions of those that are proposed. */
export class OwnTemplates {
  readonly feed: TemplateFeed
  #newest: { readonly template: NewTemplate; readonly tip: Tip } | undefined
  /** Previous hashes of the last tips, hex. */
  readonly #tips = new Set<string>()
  #tipSince: Millis = Number.NEGATIVE_INFINITY
  /** The transactions that came last. */
  #transactions: { readonly templateId: bigint; readonly found: TemplateTransactions } | undefined
  #asked: bigint | undefined
  /** Until then the newest template is not proposed: more room was asked for than it leaves. */
  #tightUntil: Millis = Number.NEGATIVE_INFINITY
  #suitedAt: Millis = Number.NEGATIVE_INFINITY

  constructor(settings: TemplateFeedSettings, emit: Emit<TemplateFeedEffect>) {
    this.feed = new TemplateFeed(settings, emit)
  }

  /** The newest template and its tip; undefined before the first one. */
  get newest(): { readonly template: NewTemplate; readonly tip: Tip } | undefined {
    return this.#newest
  }

  /** The newest template may have no room for the outputs of a pool; one that has is on its way. */
  isTight(now: Millis): boolean {
    return now < this.#tightUntil
  }

  /** Sees to it that templates leave so much room from now on. */
  needRoom(room: CoinbaseRoom, now: Millis): void {
    if (this.feed.needRoom(room) && this.#newest !== undefined) this.#tightUntil = now + ROOM_MS
  }

  /**
   * Sees to it that templates leave the room that a payout distribution needs, with some more, and less again when far less
   * is needed.
   */
  suitRoom(needed: CoinbaseRoom, now: Millis): void {
    const { room } = this.feed
    const wish = roomToAsk(room, needed, MOST_OUTPUT_BYTES)
    if (wish === undefined || (isForLess(wish, room) && now < this.#suitedAt + LESS_AFTER_MS)) return
    this.#suitedAt = now
    this.feed.askRoom(wish)
    if (this.#newest !== undefined && !fitsRoom(needed, room)) this.#tightUntil = now + ROOM_MS
  }

  /** When another tip than before came; long ago when there was only one. */
  get tipSince(): Millis {
    return this.#tipSince
  }

  /** Whether an offer is of a later block than our newest template, on a tip of which our node has not told. */
  isBehind(offer: Offer): boolean {
    if (this.#newest === undefined || this.#tips.has(hex(offer.tip.prevHash))) return false
    const [theirs, ours] = [heightOfOffer(offer), heightIn(this.#newest.template.coinbasePrefix)]
    return theirs === undefined || ours === undefined || theirs > ours
  }

  /** The provider is gone; what it was asked is not answered any more. */
  closed(now: Millis): void {
    this.feed.closed(now)
    this.#asked = undefined
  }

  /** Time has passed; whether our last work is too old since the provider has been away for too long. */
  tick(now: Millis): boolean {
    if (!this.feed.tick(now)) return false
    this.#newest = undefined
    return true
  }

  /** Takes one message of the provider. */
  message(message: Message, now: Millis): OwnTemplateNews | undefined {
    if (message.type === 'RequestTransactionData.Success') {
      // the views would keep the whole buffer of the network alive as long as one of them is used
      const list = message.transactionList.map((transaction) => transaction.slice())
      return this.#came(message.templateId, { list, excessData: message.excessData.slice() })
    }
    if (message.type === 'RequestTransactionData.Error') return this.#came(message.templateId, undefined)
    const news = this.feed.message(message)
    // a template that is gone has no transactions to ask for; its jobs end with the next template
    if (news === undefined || news.kind === 'future' || news.kind === 'gone') return undefined
    const { template } = news
    this.#tightUntil = Number.NEGATIVE_INFINITY
    const before = this.#newest?.tip
    if (news.kind === 'update') {
      if (before !== undefined) this.#newest = { template, tip: before }
      return { kind: 'update' }
    }
    // the provider came back, and tells the tip once more; or the tip has another minimum time
    const isKnown = before !== undefined && isSameTip(before, news.tip)
    this.#newest = { template, tip: news.tip }
    this.#remember(news.tip)
    if (isKnown) return { kind: 'update' }
    if (before !== undefined) this.#tipSince = now
    return { kind: 'tip', tip: news.tip }
  }

  /** The transactions of a template, when they are here; undefined: they have been asked for. */
  transactionsOf({ templateId }: NewTemplate): TemplateTransactions | undefined {
    if (this.#transactions?.templateId === templateId) return this.#transactions.found
    if (this.#asked !== templateId && this.feed.requestTransactions(templateId)) this.#asked = templateId
    return undefined
  }

  #remember({ prevHash }: Tip): void {
    this.#tips.add(hex(prevHash))
    for (const oldest of this.#tips) {
      if (this.#tips.size <= MAX_TIPS) return
      this.#tips.delete(oldest)
    }
  }

  #came(templateId: bigint, found: TemplateTransactions | undefined): OwnTemplateNews | undefined {
    if (this.#asked !== templateId) return undefined
    this.#asked = undefined
    if (found !== undefined) this.#transactions = { templateId, found }
    return { kind: 'transactions', templateId, found }
  }
}
