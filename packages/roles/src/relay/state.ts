import type { Sha256d } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import type { DueQueue } from '../ground/due-queue.ts'
import type { Emit, Millis, SessionEffect, SessionId } from '../ground/role.ts'
import type { DialCommand } from '../work/facts.ts'
import type { Upstreams } from '../work/upstreams.ts'
import type { RelayConnection } from './connections.ts'
import type { RelayFact } from './facts.ts'
import type {
  DrainingUpstreamChannel,
  RelayChannel,
  RelayedClient,
  RelaySlot,
  UpstreamSession,
} from './parties.ts'
import type { RelaySettings, RelayUpstream } from './settings.ts'

export type RelayEffect = SessionEffect | DialCommand | RelayFact

/** What the parts of `Relay` share. */
export interface RelayState {
  readonly settings: RelaySettings
  readonly connections: readonly RelayConnection<RelayUpstream>[]
  readonly sha256d: Sha256d
  readonly upstreams: Upstreams
  /** Slots of clients that get their jobs, and of those that bring them. */
  readonly slots: { readonly plain: readonly RelaySlot[]; readonly workSelection: readonly RelaySlot[] }
  readonly clients: Map<SessionId, RelayedClient>
  /** By the place of the connection. */
  readonly upstreamSessions: Map<number, UpstreamSession>
  readonly draining: DueQueue<DrainingUpstreamChannel>
  /** Connections that have to have a channel by then. */
  readonly idle: DueQueue<RelayedClient>
  channels: number
  /** Requests of clients for channels without an answer. */
  waiting: number
  /** Another upstream may have to be chosen. */
  unsettled: boolean
  /** Clients that were set up just now and had sent more already. */
  readonly answered: RelayedClient[]
  now: Millis
  readonly emit: Emit<RelayEffect>
}

export function tellClient(state: RelayState, to: SessionId | readonly SessionId[], message: Message): void {
  state.emit({ kind: 'send', to, message })
}

/** A client broke the protocol: its connection ends, with a reason. */
export function clientMisbehaved(state: RelayState, session: SessionId, reason: string): void {
  state.emit({ kind: 'peerMisbehaved', session, reason })
  state.emit({ kind: 'close', session, reason })
}

/** Sends a channel's message to its upstream, under the upstream's id; nowhere while there is none. */
export function toUpstream<M extends Message & { readonly channelId?: number | undefined }>(
  channel: RelayChannel,
  message: M,
): void {
  const { upstreamSession, upstreamId } = channel
  upstreamSession?.link.send(
    message.channelId === upstreamId ? message : { ...message, channelId: upstreamId },
  )
}
