import type { Capabilities, Message } from '@sv2/messages'
import { type Millis, NEVER, type SessionEffect, type SessionEvent, type SessionId } from '../role.ts'
import { ExtensionTalk } from './extension-talk.ts'
import type { DialCommand, UpstreamFact } from './facts.ts'
import { type LinkNews, type LinkSettings, UpstreamLink } from './link.ts'
import { type Health, pickUpstream } from './pick.ts'

/** The port name of an upstream's sessions. */
export type UpstreamPort = `upstream ${number}`

/** One upstream. */
export interface UpstreamSettings extends LinkSettings {
  /** For logs: host and port. */
  readonly name: string
  /** Extensions to ask for. */
  readonly extensions: readonly number[]
}

export interface UpstreamsSettings {
  /** In the order of the configuration; named by their place from here on. */
  readonly upstreams: readonly UpstreamSettings[]
  /** An upstream that had failed is worked with again when it has been well for this long. */
  readonly trustAfterMs: number
}

/** Events of upstreams. */
export type UpstreamEvent =
  | SessionEvent<UpstreamPort>
  /** An attempt to connect failed. */
  | { readonly kind: 'unreachable'; readonly upstream: number }

/** Somebody who works with one upstream at a time out of a list. */
export interface Seat {
  /** Places of upstreams, best first; empty while nobody sits there. */
  order: readonly number[]
  /** Those whose connection is in use right now. */
  readonly using: Iterable<number>
}

export type UpstreamsEffect = SessionEffect | UpstreamFact | DialCommand

/** An upstream that refuses what is asked of it is asked again after this, doubling up to the last, ms. */
const REFUSED_MS = { first: 5_000, last: 300_000 }
/** From the connection to the answer to SetupConnection and to what is agreed on behind it, ms. */
const SETUP_MS = 30_000

interface Upstream {
  readonly settings: UpstreamSettings
  readonly talk: ExtensionTalk
  link: UpstreamLink | undefined
  /** A dialer is at work. */
  dialed: boolean
  /** We ended its connection to begin another one: that speaks not against it. */
  isRenewing: boolean
  /** It failed since it was last trusted. */
  failed: boolean
  /** Refusals in a row, and until when it is not asked again. */
  refusals: number
  /** `NEVER` when it may be asked at any time. */
  bannedUntil: Millis
  readySince: Millis
  /** A connection that is not set up by then is given up. */
  setUpBy: Millis
}

/** News of an upstream for whoever uses it. */
export interface UpstreamNews {
  readonly upstream: number
  readonly news: Exclude<LinkNews, { kind: 'reconnect' }> | { readonly kind: 'lost' }
}

/**
 * The upstreams of a proxy: which are connected, which are well, and which to use. Nothing here gives up: what failed
 * is tried again for ever.
 */
export class Upstreams {
  readonly #upstreams: readonly Upstream[]
  readonly #trustAfterMs: number
  readonly #seats: readonly Seat[]
  readonly #bySession = new Map<SessionId, number>()
  #out: UpstreamsEffect[] = []

  /** @param seats who uses the upstreams; looked at after every event */
  constructor(settings: UpstreamsSettings, seats: readonly Seat[]) {
    this.#trustAfterMs = settings.trustAfterMs
    this.#seats = seats
    this.#upstreams = settings.upstreams.map((each) => ({
      settings: each,
      talk: new ExtensionTalk(each.extensions),
      link: undefined,
      dialed: false,
      isRenewing: false,
      failed: false,
      refusals: 0,
      bannedUntil: NEVER,
      readySince: NEVER,
      setUpBy: NEVER,
    }))
  }

  /** Hands over what is to be done, in order. */
  take(): UpstreamsEffect[] {
    for (const { link } of this.#upstreams) {
      if (link !== undefined) for (const effect of link.take()) this.#out.push(effect)
    }
    const out = this.#out
    this.#out = []
    return out
  }

  owns(session: SessionId): boolean {
    return this.#bySession.has(session)
  }

  /** The connection of an upstream that is set up. */
  link(upstream: number): UpstreamLink | undefined {
    const link = this.#upstreams[upstream]?.link
    return link?.isReady === true ? link : undefined
  }

  /** Its name, for logs. */
  nameOf(upstream: number): string {
    return this.#upstreams[upstream]?.settings.name ?? ''
  }

  /** The first upstream, of those that are set up, by their place. */
  readyLinks(): UpstreamLink[] {
    return this.#upstreams.flatMap(({ link }) => (link?.isReady === true ? [link] : []))
  }

  /** What a seat should work with now. */
  pick(seat: Seat, now: Millis): number | undefined {
    return pickUpstream(seat.order, (upstream) => this.#health(upstream, now)).use
  }

  /**
   * It does not give what is asked of it: another one is used, and it is asked again later. Who asks for many may hear
   * it many times; it counts once.
   */
  refused(upstream: number, reason: string, now: Millis): void {
    const known = this.#upstreams[upstream]
    if (known === undefined || this.isBanned(upstream, now)) return
    this.#ban(known, now)
    this.#out.push({ kind: 'upstreamRefused', upstream, name: known.settings.name, reason })
    this.steer(now)
  }

  /** It refused something, and is not asked again yet. */
  isBanned(upstream: number, now: Millis): boolean {
    const until = this.#upstreams[upstream]?.bannedUntil ?? NEVER
    return until !== NEVER && now < until
  }

  /** It gives what is asked of it. */
  served(upstream: number): void {
    const known = this.#upstreams[upstream]
    if (known !== undefined) known.refusals = 0
  }

  nextDeadline(): Millis {
    let next = NEVER
    for (const { talk, readySince, bannedUntil, setUpBy, failed, link } of this.#upstreams) {
      next = Math.min(next, talk.deadline, setUpBy)
      if (link?.isReady !== true || !failed) continue
      next = Math.min(next, bannedUntil === NEVER ? readySince + this.#trustAfterMs : bannedUntil)
    }
    return next
  }

  /** A connection was made; the next message is ours. */
  opened(event: { session: SessionId; port: string; capabilities: Capabilities }, now: Millis): void {
    const index = Number(event.port.split(' ')[1])
    const known = this.#upstreams[index]
    if (known === undefined) return
    this.#bySession.set(event.session, index)
    const { session, capabilities } = event
    known.link = new UpstreamLink(known.settings, { session, capabilities, talk: known.talk, now })
    known.setUpBy = now + SETUP_MS
    known.isRenewing = false
  }

  /** Takes a message of an upstream; answers what it means to who uses it. */
  message(session: SessionId, message: Message, now: Millis): UpstreamNews | undefined {
    const upstream = this.#bySession.get(session)
    const known = upstream === undefined ? undefined : this.#upstreams[upstream]
    const news = known?.link?.message(message, now)
    if (upstream === undefined || known === undefined || news === undefined) return undefined
    const { name } = known.settings
    switch (news.kind) {
      case 'ready':
        known.readySince = now
        known.setUpBy = NEVER
        this.#out.push({ kind: 'upstreamReady', upstream, name })
        this.steer(now)
        return { upstream, news }
      case 'unusable':
        this.refused(upstream, news.reason, now)
        return { upstream, news }
      case 'reconnect':
        this.#out.push({ kind: 'redial', upstream, host: news.host, port: news.port })
        return undefined
      default:
        return { upstream, news }
    }
  }

  /** A connection is gone. */
  closed(session: SessionId, now: Millis): UpstreamNews | undefined {
    const upstream = this.#bySession.get(session)
    const known = upstream === undefined ? undefined : this.#upstreams[upstream]
    if (upstream === undefined || known === undefined) return undefined
    this.#bySession.delete(session)
    this.#out.push(...(known.link?.take() ?? []))
    known.link = undefined
    known.readySince = NEVER
    known.setUpBy = NEVER
    known.talk.closed()
    if (known.dialed && !known.isRenewing) {
      known.failed = true
      this.#out.push({ kind: 'upstreamLost', upstream, name: known.settings.name })
    }
    this.steer(now)
    return { upstream, news: { kind: 'lost' } }
  }

  /** An attempt to connect failed. */
  unreachable(upstream: number, now: Millis): void {
    const known = this.#upstreams[upstream]
    if (known === undefined) return
    known.failed = true
    this.steer(now)
  }

  tick(now: Millis): void {
    for (const [upstream, known] of this.#upstreams.entries()) {
      const { talk, link } = known
      if (now >= talk.deadline) {
        known.isRenewing = true
        this.#out.push({ kind: 'redial', upstream, host: '', port: 0 })
        link?.close('no answer to RequestExtensions')
        talk.closed()
      }
      if (now >= known.setUpBy) {
        known.setUpBy = NEVER
        known.failed = true
        link?.close('no answer to SetupConnection')
      }
      if (now >= known.bannedUntil) known.bannedUntil = NEVER
      if (known.failed && this.#isTrusted(known, now)) known.failed = false
    }
    this.steer(now)
  }

  /** Connects what is wanted, and lets go what nobody needs. */
  steer(now: Millis): void {
    const wanted = new Set<number>()
    for (const seat of this.#seats) {
      for (const upstream of seat.using) wanted.add(upstream)
      const { connect } = pickUpstream(seat.order, (upstream) => this.#health(upstream, now))
      for (const upstream of connect) wanted.add(upstream)
    }
    for (const [upstream, known] of this.#upstreams.entries()) {
      if (wanted.has(upstream) === known.dialed) continue
      known.dialed = wanted.has(upstream)
      if (known.dialed) {
        this.#out.push({ kind: 'dial', upstream })
        continue
      }
      known.failed = false
      this.#out.push({ kind: 'hangUp', upstream })
      known.link?.close('not needed any more')
    }
  }

  #health(upstream: number, now: Millis): Health {
    const known = this.#upstreams[upstream]
    if (known === undefined) return 'failing'
    if (this.isBanned(upstream, now)) return 'failing'
    if (known.link?.isReady === true)
      return known.failed && !this.#isTrusted(known, now) ? 'recovering' : 'ready'
    if (known.failed) return 'failing'
    return known.dialed ? 'dialing' : 'idle'
  }

  #isTrusted(known: Upstream, now: Millis): boolean {
    return known.bannedUntil === NEVER && now >= known.readySince + this.#trustAfterMs
  }

  #ban(known: Upstream, now: Millis): void {
    known.failed = true
    known.bannedUntil = now + Math.min(REFUSED_MS.last, REFUSED_MS.first * 2 ** known.refusals)
    known.refusals++
  }
}
