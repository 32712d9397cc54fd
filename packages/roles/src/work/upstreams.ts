import type { Capabilities, Message } from '@sv2/messages'
import { ExtensionTalk } from '../client/extension-talk.ts'
import { type LinkNews, type LinkSettings, UpstreamLink } from '../client/link.ts'
import type { NumberedPort } from '../ground/port.ts'
import type { Emit, Millis, SessionEffect, SessionEvent, SessionId } from '../ground/role.ts'
import { Timers } from '../ground/timers.ts'
import type { DialCommand, UpstreamFact } from './facts.ts'
import { Failover, type Slot } from './failover.ts'

/** The port of an upstream's sessions: its place in the settings. */
export type UpstreamPort = NumberedPort<'upstream'>

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

export type UpstreamsEffect = SessionEffect | UpstreamFact | DialCommand

/** From the connection to the answer to SetupConnection and to what is agreed on behind it, ms. */
const SETUP_MS = 30_000

interface Upstream {
  readonly settings: UpstreamSettings
  readonly talk: ExtensionTalk
  link: UpstreamLink | undefined
  /** We ended its connection to begin another one: that speaks not against it. */
  isRenewing: boolean
  /** `setUp`: a connection that is not set up by then is given up. */
  readonly timers: Timers<'setUp'>
}

/** News of an upstream for the role that uses it. */
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
  readonly #timers = new Timers()
  readonly #failover: Failover
  readonly #slots: readonly Slot[]
  readonly #bySession = new Map<SessionId, number>()
  readonly #emit: Emit<UpstreamsEffect>

  /** @param deps.slots what uses the upstreams; looked at after every event */
  constructor(
    settings: UpstreamsSettings,
    { slots, emit }: { readonly slots: readonly Slot[]; readonly emit: Emit<UpstreamsEffect> },
  ) {
    this.#emit = emit
    const { upstreams, trustAfterMs } = settings
    this.#failover = this.#timers.add(
      new Failover({ givers: upstreams.length, trustAfterMs, whileBackingOff: 'connected' }),
    )
    this.#slots = slots
    this.#upstreams = upstreams.map((each) => ({
      settings: each,
      talk: this.#timers.add(new ExtensionTalk(each.extensions)),
      link: undefined,
      isRenewing: false,
      timers: this.#timers.add(new Timers('setUp')),
    }))
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

  /** The connections that are set up. */
  readyLinks(): UpstreamLink[] {
    return this.#upstreams.flatMap(({ link }) => (link?.isReady === true ? [link] : []))
  }

  /** What a slot should work with now. */
  pick({ order }: Slot, now: Millis): number | undefined {
    return this.#failover.pick(order, now)
  }

  /**
   * It does not give what is asked of it: another one is used, and it is asked again later. Who asks for many may hear
   * it many times; it counts once.
   */
  refused(upstream: number, reason: string, now: Millis): void {
    const known = this.#upstreams[upstream]
    if (known === undefined || this.isBackingOff(upstream, now)) return
    this.#failover.refused(upstream, now)
    this.#emit({ kind: 'upstreamRefused', upstream, name: known.settings.name, reason })
    this.steer(now)
  }

  /** It refused something, and is not asked again yet. */
  isBackingOff(upstream: number, now: Millis): boolean {
    return this.#failover.isBackingOff(upstream, now)
  }

  /** It gives what is asked of it. */
  served(upstream: number): void {
    this.#failover.served(upstream)
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  /** A connection was made; the next message is ours. */
  opened(event: { session: SessionId; port: UpstreamPort; capabilities: Capabilities }, now: Millis): void {
    const { index } = event.port
    const known = this.#upstreams[index]
    if (known === undefined) return
    this.#bySession.set(event.session, index)
    const { session, capabilities } = event
    known.link = new UpstreamLink(known.settings, {
      session,
      capabilities,
      talk: known.talk,
      now,
      emit: this.#emit,
    })
    known.timers.set('setUp', now + SETUP_MS)
    known.isRenewing = false
  }

  /** Takes a message of an upstream; answers what it means to the role. */
  message(session: SessionId, message: Message, now: Millis): UpstreamNews | undefined {
    const upstream = this.#bySession.get(session)
    const known = upstream === undefined ? undefined : this.#upstreams[upstream]
    const news = known?.link?.message(message, now)
    if (upstream === undefined || known === undefined || news === undefined) return undefined
    const { name } = known.settings
    switch (news.kind) {
      case 'ready':
        this.#failover.up(upstream, now)
        known.timers.stop('setUp')
        this.#emit({ kind: 'upstreamReady', upstream, name })
        this.steer(now)
        return { upstream, news }
      case 'unusable':
        this.refused(upstream, news.reason, now)
        return { upstream, news }
      case 'reconnect':
        this.#emit({ kind: 'redial', upstream, host: news.host, port: news.port })
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
    known.link = undefined
    known.timers.stop('setUp')
    known.talk.closed()
    this.#failover.down(upstream)
    if (this.#failover.isDialed(upstream) && !known.isRenewing) {
      this.#failover.failed(upstream)
      this.#emit({ kind: 'upstreamLost', upstream, name: known.settings.name })
    }
    this.steer(now)
    return { upstream, news: { kind: 'lost' } }
  }

  /** An attempt to connect failed. */
  unreachable(upstream: number, now: Millis): void {
    if (this.#upstreams[upstream] === undefined) return
    this.#failover.failed(upstream)
    this.steer(now)
  }

  tick(now: Millis): void {
    for (const [upstream, known] of this.#upstreams.entries()) {
      const { talk, link } = known
      if (now >= talk.nextDeadline()) {
        known.isRenewing = true
        this.#emit({ kind: 'redial', upstream, host: '', port: 0 })
        link?.close('no answer to RequestExtensions')
        talk.closed()
      }
      if (known.timers.isDue('setUp', now)) {
        known.timers.stop('setUp')
        this.#failover.failed(upstream)
        link?.close('no answer to SetupConnection')
      }
    }
    this.#failover.tick(now)
    this.steer(now)
  }

  /** Connects what is wanted, and lets go what no slot needs. */
  steer(now: Millis): void {
    for (const { giver: upstream, isWanted } of this.#failover.steer(this.#slots, now)) {
      this.#emit({ kind: isWanted ? 'dial' : 'hangUp', upstream })
      if (!isWanted) this.#upstreams[upstream]?.link?.close('not needed any more')
    }
  }
}
