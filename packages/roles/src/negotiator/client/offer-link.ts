import type { Message } from '@sv2/messages'
import { ExtensionTalk } from '../../client/extension-talk.ts'
import { type LinkNews, UpstreamLink } from '../../client/link.ts'
import type { UpstreamChannel } from '../../client/upstream-channel.ts'
import type { Emit, Millis, SessionEffect, SessionId } from '../../ground/role.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import { hashrateOf } from '../../work/upstream/hashrates.ts'
import type { JobClientFact } from './facts.ts'
import type { PairLinkEvent, PairPort } from './pair-port.ts'
import { channelRequest, poolChannelOf } from './pool-channel.ts'
import { PoolOffer } from './pool-offer.ts'
import type { PairSettings } from './settings.ts'
import { SPARE_BYTES } from './workshop.ts'

export interface OfferLinkSettings {
  /** Number of the pair. */
  readonly place: number
  readonly pair: PairSettings
  /** Bytes of extranonce that miners split among themselves. */
  readonly size: number
}

/** What the connection on which a pool gives jobs of its own has to tell. */
export type OfferNews =
  /** The pool offers another job, or none any more. */
  | { readonly kind: 'offered' }
  /** Something else on the channel of those jobs. */
  | { readonly kind: 'saidOfOffers'; readonly message: Message }
  /** Nothing that was sent on that channel is answered any more; told before the channel is forgotten. */
  | { readonly kind: 'offersGone' }

/** What the connection works with. */
export interface OfferLinkDeps {
  readonly miners: Miners
  readonly emit: Emit<SessionEffect | JobClientFact>
  /** Hands news to the part that they are for, before it returns. */
  readonly tell: (news: OfferNews, now: Millis) => void
}

/**
 * The connection on which a pool gives jobs of its own, and takes their shares: one that brings its own jobs is sent none.
 * The pair does without it where the pool does not serve it.
 */
export class OfferLink {
  readonly #settings: OfferLinkSettings
  readonly #deps: OfferLinkDeps
  readonly #port: PairPort
  readonly #talk: ExtensionTalk
  #link: UpstreamLink | undefined
  #isDialed = false
  #asked = 0
  #channel: UpstreamChannel | undefined
  #offer = new PoolOffer()

  constructor(settings: OfferLinkSettings, deps: OfferLinkDeps) {
    this.#settings = settings
    this.#deps = deps
    this.#port = { kind: 'offers', index: settings.place }
    this.#talk = new ExtensionTalk(settings.pair.extensions)
  }

  /** Where shares of the pool's own jobs go; undefined before it is open. */
  get channel(): UpstreamChannel | undefined {
    return this.#channel
  }

  /** What the pool offers to mine. */
  get offer(): PoolOffer {
    return this.#offer
  }

  /** When {@link tick} has something to do. */
  nextDeadline(): Millis {
    return this.#talk.nextDeadline()
  }

  owns(session: SessionId): boolean {
    return this.#link?.session === session
  }

  /** The pair works: from now on it is to be there. */
  begin(): void {
    if (this.#isDialed) return
    this.#isDialed = true
    this.#deps.emit({ kind: 'dial', upstream: this.#port })
  }

  /** It is not needed any more. */
  end(reason: string, now: Millis): void {
    if (!this.#isDialed) return
    this.#isDialed = false
    this.#deps.emit({ kind: 'hangUp', upstream: this.#port })
    this.#link?.close(reason)
    this.#forget(now)
  }

  opened({ session, capabilities }: Extract<PairLinkEvent, { kind: 'opened' }>, now: Millis): void {
    const settings = { ...this.#settings.pair.pool, flags: 0 }
    this.#link = new UpstreamLink(settings, {
      session,
      capabilities,
      talk: this.#talk,
      now,
      emit: this.#deps.emit,
    })
  }

  closed(now: Millis): void {
    this.#link = undefined
    this.#talk.closed()
    this.#forget(now)
  }

  message(message: Message, now: Millis): void {
    const news = this.#isDialed ? this.#link?.message(message, now) : undefined
    if (news !== undefined) this.#news(news, now)
  }

  /** The pool does not answer what it is asked about extensions: it is connected anew. */
  tick(now: Millis): void {
    if (now >= this.nextDeadline()) this.#redial({ host: '', port: 0 }, 'no answer to RequestExtensions')
  }

  #redial(endpoint: { readonly host: string; readonly port: number }, reason?: string): void {
    this.#deps.emit({ kind: 'redial', upstream: this.#port, ...endpoint })
    this.#talk.closed()
    if (reason !== undefined) this.#link?.close(reason)
  }

  #news(news: LinkNews, now: Millis): void {
    const { size } = this.#settings
    switch (news.kind) {
      case 'ready':
        return this.#open(size + SPARE_BYTES)
      case 'unusable':
        return this.#without(news.reason, now)
      case 'reconnect':
        return this.#redial(news)
      case 'granted':
        return this.#granted(news.answer, now)
      case 'denied':
        // the bytes for repeated jobs may have been too many
        if (this.#asked > size) return this.#open(size)
        return this.#without(`no channel: ${news.refusal.code}`, now)
      case 'message':
        return this.#message(news.message, now)
    }
  }

  #open(extranonceSize: number): void {
    this.#asked = extranonceSize
    const { userIdentity } = this.#settings.pair
    const hashrate = hashrateOf(this.#deps.miners.channels)
    this.#link?.open(channelRequest(userIdentity, { hashrate, extranonceSize }))
  }

  #granted(answer: Extract<LinkNews, { kind: 'granted' }>['answer'], now: Millis): void {
    const { size, place } = this.#settings
    if (this.#link === undefined || this.#channel !== undefined) return
    const channel = poolChannelOf({ upstream: place, link: this.#link }, answer, size)
    if (typeof channel === 'string') return this.#without(channel, now)
    this.#channel = channel
  }

  #message(message: Message, now: Millis): void {
    const channel = this.#channel
    if (channel === undefined) return
    if (message.type === 'SetGroupChannel') return channel.joins(message)
    if (!('channelId' in message)) return
    if (message.channelId !== channel.channelId && message.channelId !== channel.groupId) return
    if (message.type !== 'NewExtendedMiningJob' && message.type !== 'SetNewPrevHash')
      return this.#deps.tell({ kind: 'saidOfOffers', message }, now)
    this.#offer.message(message)
    this.#deps.tell({ kind: 'offered' }, now)
  }

  /** The pool does not serve us here: that speaks not against the pair. */
  #without(reason: string, now: Millis): void {
    const { place, pair } = this.#settings
    this.#deps.emit({ kind: 'offersUnavailable', place, name: pair.name, reason })
    this.end(reason, now)
  }

  #forget(now: Millis): void {
    if (this.#channel === undefined) return
    this.#channel.lost()
    this.#deps.tell({ kind: 'offersGone' }, now)
    this.#channel = undefined
    this.#offer = new PoolOffer()
    this.#deps.tell({ kind: 'offered' }, now)
  }
}
