import type { Sha256d } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import type { Sv1ToServer } from '@sv2/sv1'
import { Outbox } from '../ground/outbox.ts'
import type { SinglePort } from '../ground/port.ts'
import type { Millis, Role, SessionEvent, SessionId } from '../ground/role.ts'
import { Timers } from '../ground/timers.ts'
import type { V1Port, V1ToV2Effect } from '../sv1-front/front-state.ts'
import type { V1ToV2Settings } from '../sv1-front/settings.ts'
import { Sv1Front } from '../sv1-front/sv1-front.ts'
import { UpstreamWork, type UpstreamWorkEffect } from '../work/upstream/upstream-work.ts'
import type { UpstreamPort } from '../work/upstreams.ts'

export type V1ToV2Event =
  | SessionEvent<V1Port | SinglePort<'miners'> | UpstreamPort, Message | Sv1ToServer>
  /** An attempt to connect an upstream failed. */
  | { readonly kind: 'unreachable'; readonly upstream: number }
  /** Send every miner to another place (empty host and port 0: back here), and close. */
  | { readonly kind: 'drain'; readonly host: string; readonly port: number }
  /** Give a channel another part of the search space. */
  | { readonly kind: 'renewPrefix'; readonly session: SessionId; readonly channelId: number }

export interface V1ToV2Deps {
  readonly sha256d: Sha256d
  readonly randomBytes: (count: number) => Uint8Array
}

/**
 * The translator: V1 miners below, upstreams of Stratum V2 above. Devices that speak Stratum V2 themselves may come in
 * as well; they share the core with the others.
 */
export class V1ToV2 implements Role<V1ToV2Event, V1ToV2Effect> {
  readonly #timers = new Timers()
  readonly #core: UpstreamWork
  readonly #front: Sv1Front
  readonly #outbox = new Outbox<V1ToV2Effect>()

  constructor(settings: V1ToV2Settings, { sha256d, randomBytes }: V1ToV2Deps) {
    const fromCore: UpstreamWorkEffect[] = []
    this.#core = this.#timers.add(
      new UpstreamWork(settings.work, {
        sha256d,
        emit: (effect) => fromCore.push(effect),
        learnsVersionMask: (session) => this.#front.has(session),
      }),
    )
    const { emit } = this.#outbox
    this.#front = this.#timers.add(new Sv1Front(settings, { core: this.#core, randomBytes, fromCore, emit }))
  }

  /** Live numbers for metrics. `hashrate`: what all channels do by their shares, H/s. */
  get counts(): UpstreamWork['counts'] & {
    readonly v1Sessions: number
    readonly v1Miners: number
    readonly v1Hashrate: number
  } {
    const { sessions: v1Sessions, miners: v1Miners } = this.#front.counts
    let v1Hashrate = 0
    for (const { session, hashrate } of this.#core.miners.channels)
      if (this.#front.has(session)) v1Hashrate += hashrate
    return { ...this.#core.counts, v1Sessions, v1Miners, v1Hashrate }
  }

  /** There is work to mine on. */
  get hasWork(): boolean {
    return this.#core.hasWork
  }

  /** Found, sent, acknowledged and more, for every channel that found a share. */
  get tallies(): UpstreamWork['tallies'] {
    return this.#core.tallies
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  handle(event: V1ToV2Event, now: Millis): readonly V1ToV2Effect[] {
    this.#take(event, now)
    this.#front.flow(now)
    return this.#outbox.take()
  }

  #take(event: V1ToV2Event, now: Millis): void {
    const core = this.#core
    const front = this.#front
    switch (event.kind) {
      case 'tick':
        core.tick(now)
        return front.tick(now)
      case 'unreachable':
        return core.upstream(event, now)
      case 'drain':
        return core.drain(event)
      case 'renewPrefix':
        return this.#renewPrefix(event.session, event.channelId)
      case 'opened': {
        const { port } = event
        if (port.kind === 'upstream') return core.upstream({ ...event, port }, now)
        if (port.kind === 'miners') return core.miner(event, now)
        return front.opened(event.session, port.index ?? 0, now)
      }
      case 'message':
        if (front.has(event.session)) return front.line(event.session, event.message as Sv1ToServer, now)
        return this.#message(event.session, event.message as Message, now)
      case 'closed':
        if (front.has(event.session)) return front.closed(event.session, now)
        if (core.ownsUpstream(event.session)) return core.upstream(event, now)
        return core.miner(event, now)
    }
  }

  #message(session: SessionId, message: Message, now: Millis): void {
    const event = { kind: 'message', session, message } as const
    if (this.#core.ownsUpstream(session)) this.#core.upstream(event, now)
    else this.#core.miner(event, now)
  }

  #renewPrefix(session: SessionId, channelId: number): void {
    const reason = this.#core.miners.renewPrefix(session, channelId)
    if (reason !== 'renewed') this.#front.tellFact({ kind: 'prefixNotRenewed', session, channelId, reason })
  }
}
