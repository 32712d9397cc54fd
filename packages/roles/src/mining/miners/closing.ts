import type { Channel } from '../channel/channel.ts'
import type { Connection } from './connection.ts'
import { leave } from './groups.ts'
import { flushAck } from './shares.ts'
import { type Closing, countChannel, type MinersState, send } from './state.ts'

/** Channels that are closed at one moment. */
const MAX_AT_ONCE = 512

/** Closes channels, the first ones at once and the others a part at a time: 100,000 at once would hold up everybody for 0.1 s. */
export function closeAll(state: MinersState, closing: Closing): void {
  state.due.closing.push(closing)
  if (state.due.closing.length === 1) closeMore(state)
}

/** Closes some of the channels that are to be closed. */
export function closeMore(state: MinersState): void {
  let left = MAX_AT_ONCE
  for (let closing = state.due.closing[0]; closing !== undefined; closing = state.due.closing[0]) {
    for (let step = closing.channels.next(); !step.done; step = closing.channels.next()) {
      // it was closed in another way meanwhile
      if (closing.connection.channels.get(step.value.id) !== step.value) continue
      closeChannel(state, closing, step.value)
      left--
      if (left === 0) return
    }
    state.due.closing.shift()
  }
}

/** Ends a channel, and tells its client why where there is a reason. */
export function closeChannel(
  state: MinersState,
  { connection, reasonCode }: Pick<Closing, 'connection' | 'reasonCode'>,
  channel: Channel,
): void {
  if (reasonCode !== undefined) {
    flushAck(state, channel)
    send(state, channel.session, { type: 'CloseChannel', channelId: channel.id, reasonCode })
  }
  removeChannel(state, connection, channel)
  if (connection.channels.size > 0 || !state.connected.connections.has(connection.session)) return
  // a client that opens and closes all the time stands in the queue once per moment, not once per channel
  if (connection.idleSince === state.now) return
  connection.idleSince = state.now
  state.due.idle.push(connection, state.now + state.settings.openChannelWithinMs)
}

/** Ends a channel: nothing is sent for it any more, and its lease rests until its jobs are dead (POOL-23). */
export function removeChannel(state: MinersState, connection: Connection, channel: Channel): void {
  channel.closed = true
  countChannel(state, connection, -1)
  connection.channels.delete(channel.id)
  const group = connection.groups.get(channel.groupId)
  if (group !== undefined) leave(state, group, channel)
  state.due.custom.forget(channel)
  state.due.wanting.delete(channel)
  state.due.starving.delete(channel)
  state.due.retargeted.delete(channel)
  state.connected.leases.release(channel.lease, state.out.order)
  const last = state.connected.channels.pop()
  if (last !== undefined && last !== channel) {
    last.slot = channel.slot
    state.connected.channels[channel.slot] = last
  }
  state.emit({
    kind: 'channelClosed',
    session: channel.session,
    channelId: channel.id,
    user: channel.user,
  })
}
