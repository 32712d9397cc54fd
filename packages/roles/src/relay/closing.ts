import { endDraining } from './draining.ts'
import { declareHashrate } from './hashrate-share.ts'
import { LINGER_MS, type PendingOpen, type RelayChannel, type RelayedClient } from './parties.ts'
import { detach } from './placement.ts'
import { type RelayState, tellClient } from './state.ts'

/** Reasons of CloseChannel that are ours, and what they mean (ERR-05). */
export const OWN_CLOSE_REASONS = {
  'client-gone': 'the connection of the channel’s client was lost',
  'no-upstream': 'no upstream could be reached for some time',
  'refused-by-upstream': 'after a change of upstream the new one does not open the channel',
  'extranonce-does-not-fit':
    'after a change of upstream the new one leaves the device less to roll, or too much',
  'moved-to-another-upstream': 'the channel goes on elsewhere',
  'shutting-down': 'the proxy ends its operation',
} as const

/** Which sides to tell that a channel is closed, and why. */
export interface ChannelEnd {
  readonly reason: string
  readonly below: boolean
  readonly above: boolean
}

/** Ends a channel on both sides. */
export function endChannel(state: RelayState, channel: RelayChannel, closing: ChannelEnd): void {
  if (channel.isClosed) return
  const { client, channelId, upstreamSession, upstreamId } = channel
  const { reason: reasonCode } = closing
  channel.isClosed = true
  if (channel.move !== undefined) bury(channel.move)
  channel.move = undefined
  endDraining(state, channel)
  if (closing.above) upstreamSession?.link.send({ type: 'CloseChannel', channelId: upstreamId, reasonCode })
  detach(state, channel)
  client.channels.delete(channelId)
  state.channels--
  declareHashrate(client, -declared(channel))
  if (closing.below) tellClient(state, client.session, { type: 'CloseChannel', channelId, reasonCode })
  state.emit({ kind: 'channelClosed', session: client.session, channelId, reason: reasonCode })
  if (client.channels.size > 0 || client.idleSince === state.now) return
  client.idleSince = state.now
  state.idle.push(client, state.now + state.settings.openChannelWithinMs)
}

/** Asks every client to go elsewhere (or to come back), and takes leave on both sides (POOL-63). */
export function drain(
  state: RelayState,
  { host: newHost, port: newPort }: { readonly host: string; readonly port: number },
): void {
  for (const client of state.clients.values()) {
    const { session } = client
    if (client.flags !== undefined) tellClient(state, session, { type: 'Reconnect', newHost, newPort })
    for (const channel of [...client.channels.values()])
      endChannel(state, channel, { reason: 'shutting-down', below: false, above: true })
    state.emit({ kind: 'close', session, reason: 'draining' })
  }
}

/** A client's connection is gone: so are its channels (PRX-06), and what it asked for. */
export function dropClient(state: RelayState, client: RelayedClient): void {
  state.clients.delete(client.session)
  const channels = client.channels.size
  for (const channel of [...client.channels.values()])
    endChannel(state, channel, { reason: 'client-gone', below: false, above: true })
  for (const pendingOpen of client.pendingOpens ?? []) bury(pendingOpen)
  state.waiting -= client.pendingOpens?.size ?? 0
  client.pendingOpens = undefined
  const { slot } = client
  if (slot !== undefined) {
    slot.clients.delete(client)
    if (slot.clients.size === 0) slot.timers.set('letGo', state.now + LINGER_MS)
  }
  if (client.flags !== undefined) state.emit({ kind: 'minerDisconnected', session: client.session, channels })
}

/** No client wants it any more. */
export function bury(pendingOpen: PendingOpen): void {
  pendingOpen.isDead = true
  pendingOpen.slot.buried()
}

/** What a channel adds to the hash rate that its client declares, H/s. */
export function declared(channel: RelayChannel): number {
  return Math.max(0, channel.request.nominalHashRate)
}
