import type { Sha256d } from '@sv2/bitcoin'
import { Outbox } from '../ground/outbox.ts'
import type { SinglePort } from '../ground/port.ts'
import type { Millis, Role, SessionEvent } from '../ground/role.ts'
import { Timers } from '../ground/timers.ts'
import { type UpstreamNews, type UpstreamPort, Upstreams } from '../work/upstreams.ts'
import { drain, dropClient } from './closing.ts'
import { PURPOSE_FLAGS, relayConnections, slotsFor } from './connections.ts'
import { fromUpstream } from './downward.ts'
import { endDrained } from './draining.ts'
import { leaveSilent, settle, silenceDeadline, slotTick, upstreamLost, upstreamReady } from './failover.ts'
import { setUpClient } from './handshake.ts'
import { denied, granted } from './opening.ts'
import { LINGER_MS, RelayedClient } from './parties.ts'
import type { RelaySettings } from './settings.ts'
import type { RelayEffect, RelayState } from './state.ts'
import { fromClient } from './upward.ts'

export type RelayEvent =
  | SessionEvent<SinglePort<'miners'> | UpstreamPort>
  /** An attempt to connect an upstream failed. */
  | { readonly kind: 'unreachable'; readonly upstream: number }
  /** Send every client to another place (empty host and port 0: back here), and take leave of the upstreams. */
  | { readonly kind: 'drain'; readonly host: string; readonly port: number }

/** Live numbers of a relay. */
export interface RelayCounts {
  readonly connections: number
  readonly channels: number
  /** Channels at upstreams. */
  readonly upstreamChannels: number
  /** Requests for channels without an answer. */
  readonly waiting: number
}

/**
 * The mining proxy in transparent mode: many clients on few upstream connections. Each channel below is one channel
 * above; its messages go through with nothing but ids changed, and those only where it must be. Clients with
 * REQUIRES_WORK_SELECTION have upstream connections of their own (`relayConnections`).
 */
export class Relay implements Role<RelayEvent, RelayEffect> {
  readonly #state: RelayState
  readonly #timers = new Timers()
  readonly #outbox = new Outbox<RelayEffect>()
  #hasStarted = false

  constructor(settings: RelaySettings, deps: { readonly sha256d: Sha256d }) {
    const { upstreams, trustAfterMs, extensions } = settings
    const connections = relayConnections(upstreams)
    const slots = {
      plain: slotsFor('plain', connections),
      workSelection: slotsFor('workSelection', connections),
    }
    const entries = connections.map(({ upstream, purpose }) => ({
      ...upstream,
      flags: PURPOSE_FLAGS[purpose],
      extensions,
    }))
    this.#state = {
      settings,
      connections,
      sha256d: deps.sha256d,
      upstreams: this.#timers.add(
        new Upstreams(
          { upstreams: entries, trustAfterMs },
          { slots: [...slots.plain, ...slots.workSelection], emit: this.#outbox.emit },
        ),
      ),
      slots,
      clients: new Map(),
      upstreamSessions: new Map(),
      draining: this.#timers.queue(),
      idle: this.#timers.queue(),
      channels: 0,
      waiting: 0,
      unsettled: true,
      answered: [],
      now: 0,
      emit: this.#outbox.emit,
    }
    this.#timers.add({ nextDeadline: () => silenceDeadline(this.#state) })
    for (const { timers } of [...slots.plain, ...slots.workSelection]) this.#timers.add(timers)
  }

  /** Live numbers for metrics. */
  get counts(): RelayCounts {
    const { clients, channels, waiting, upstreamSessions } = this.#state
    const upstreamChannels = [...upstreamSessions.values()].reduce(
      (sum, upstreamSession) => sum + upstreamSession.channels.size,
      0,
    )
    return { connections: clients.size, channels, upstreamChannels, waiting }
  }

  /** Whether every connected client has an upstream. */
  get isWell(): boolean {
    const { plain, workSelection } = this.#state.slots
    return [...plain, ...workSelection].every(
      (slot) => slot.upstreamSession !== undefined || slot.clients.size === 0,
    )
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  handle(event: RelayEvent, now: Millis): readonly RelayEffect[] {
    const state = this.#state
    state.now = now
    if (!this.#hasStarted) for (const slot of state.slots.plain) slot.timers.set('letGo', now + LINGER_MS)
    this.#hasStarted = true
    this.#handle(event)
    settle(state)
    for (let client = state.answered.shift(); client !== undefined; client = state.answered.shift()) {
      for (const message of client.early.splice(0)) fromClient(state, client, message)
      settle(state)
    }
    return this.#outbox.take()
  }

  #handle(event: RelayEvent): void {
    const state = this.#state
    const { upstreams, now } = state
    switch (event.kind) {
      case 'opened': {
        const { port } = event
        if (port.kind === 'upstream') return upstreams.opened({ ...event, port }, now)
        const client = new RelayedClient(event.session, { capabilities: event.capabilities, now })
        state.clients.set(event.session, client)
        state.idle.push(client, now + state.settings.openChannelWithinMs)
        return
      }
      case 'message': {
        const client = state.clients.get(event.session)
        if (client === undefined) return this.#news(upstreams.message(event.session, event.message, now))
        if (client.flags === undefined) return setUpClient(state, client, event.message)
        return fromClient(state, client, event.message)
      }
      case 'closed': {
        const client = state.clients.get(event.session)
        if (client !== undefined) return dropClient(state, client)
        state.unsettled = true
        return this.#news(upstreams.closed(event.session, now))
      }
      case 'unreachable':
        state.unsettled = true
        return upstreams.unreachable(event.upstream, now)
      case 'drain':
        return drain(state, event)
      case 'tick':
        return this.#tick()
    }
  }

  #news(news: UpstreamNews | undefined): void {
    if (news === undefined) return
    const state = this.#state
    const { upstream, news: what } = news
    if (what.kind === 'ready') return upstreamReady(state, upstream)
    if (what.kind === 'lost') return upstreamLost(state, upstream)
    const upstreamSession = state.upstreamSessions.get(upstream)
    if (upstreamSession === undefined) return
    switch (what.kind) {
      case 'granted':
        return granted(state, upstreamSession, what.requestId, what.answer)
      case 'denied':
        return denied(state, upstreamSession, what.requestId, what.refusal.code)
      case 'message':
        return fromUpstream(state, upstreamSession, what.message)
    }
  }

  #tick(): void {
    const state = this.#state
    state.unsettled = true
    state.upstreams.tick(state.now)
    endDrained(state)
    leaveSilent(state)
    for (const list of [state.slots.plain, state.slots.workSelection])
      for (const slot of list) slotTick(state, slot)
    for (let idle = state.idle.takeDue(state.now); idle !== undefined; idle = state.idle.takeDue(state.now))
      this.#closeIdle(idle)
  }

  /** A connection has had its time to open a channel (POOL-15). */
  #closeIdle(client: RelayedClient): void {
    const state = this.#state
    const { session, channels, setup, pendingOpens } = client
    if (state.clients.get(session) !== client || channels.size > 0) return
    const { openChannelWithinMs } = state.settings
    if (setup !== undefined || pendingOpens !== undefined) {
      // it has done its part, and waits for ours
      client.idleSince = state.now
      state.idle.push(client, state.now + openChannelWithinMs)
      return
    }
    // it had a channel meanwhile, and stands in the queue once more
    if (client.idleSince + openChannelWithinMs > state.now) return
    const reason = client.flags === undefined ? 'no SetupConnection in time' : 'no channel opened in time'
    state.emit({ kind: 'close', session, reason })
  }
}
