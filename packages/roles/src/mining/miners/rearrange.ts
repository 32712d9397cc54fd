import type { SessionId } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import { extranoncePrefix, leaseSize } from '../channel/extranonce.ts'
import type { Jobs } from '../channel/jobs.ts'
import { groupOf, join, leave, newGroup } from './groups.ts'
import { type MinersState, nextOrder } from './state.ts'
import { freshJob, sendFirstJob, sendOwnJob, tell } from './work.ts'

/**
 * Puts channels of one connection into a new group of their own (SetGroupChannel). Channels that cannot be grouped,
 * or work on other jobs than the first, stay where they are. Answers the group id.
 */
export function regroup(
  state: MinersState,
  session: SessionId,
  channelIds: readonly number[],
): number | undefined {
  const connection = state.connected.connections.get(session)
  if (connection === undefined || !connection.takesGroupJobs) return undefined
  const named = [...new Set(channelIds)].map((channelId) => connection.channel(channelId))
  const grouped = named.filter((channel): channel is Channel => channel?.grouped === true)
  const book = grouped[0]?.book
  if (book === undefined) return undefined
  const group = newGroup(connection, book)
  const moved = grouped.filter((channel) => channel.book === book)
  for (const channel of moved) {
    const from = connection.groups.get(channel.groupId)
    // joined before it leaves: a book without channels would be dropped
    join(state, group, channel)
    if (from !== undefined) leave(state, from, channel)
    channel.groupId = group.groupId
  }
  const ids = moved.map((channel) => channel.id)
  const isOwed = state.out.lanes.owes(connection)
  tell(state, moved[0]!, { type: 'SetGroupChannel', groupChannelId: group.groupId, channelIds: ids })
  // what their former group was still to be told does not reach them
  if (isOwed) for (const channel of moved) sendFirstJob(state, channel)
  return group.groupId
}

/** Gives a channel a new part of the search space, for jobs sent from now on (POOL-25). */
export function renewPrefix(
  state: MinersState,
  session: SessionId,
  channelId: number,
): 'renewed' | 'invalid-channel-id' | 'channel-capacity-exhausted' {
  const channel = state.connected.connections.get(session)?.channel(channelId)
  if (channel === undefined) return 'invalid-channel-id'
  const lease = state.connected.leases.take(state.out.oldestLive)
  if (lease === undefined) return 'channel-capacity-exhausted'
  const layout = state.settings.extranonce
  const prefix = extranoncePrefix(layout, lease, channel.prefix.length - leaseSize(layout))
  const job = freshJob(state, channel)
  state.connected.leases.release(channel.lease, nextOrder(state))
  channel.setPrefix(prefix, job?.order ?? state.out.order)
  channel.lease = lease
  tell(state, channel, { type: 'SetExtranoncePrefix', channelId, extranoncePrefix: prefix })
  if (job !== undefined) sendOwnJob(state, channel, job)
  return 'renewed'
}

/**
 * Promises a connection its part of the search space before it has a channel: its first channel gets it. Answers the
 * prefix; undefined when no space is left.
 * @param former a closed channel it had before; it gets the lease of that channel again where no other channel has it
 */
export function reserve(state: MinersState, session: SessionId, former?: Channel): Uint8Array | undefined {
  const connection = state.connected.connections.get(session)
  if (connection === undefined) return undefined
  if (connection.reserved === undefined) {
    if (former?.closed === true && state.connected.leases.reclaim(former.lease)) {
      connection.reserved = former.lease
    } else {
      connection.reserved = state.connected.leases.take(state.out.oldestLive)
    }
  }
  if (connection.reserved === undefined) return undefined
  return extranoncePrefix(state.settings.extranonce, connection.reserved)
}

/** Lets a channel work on other jobs from now on; its shares of the old ones count as long as those live. */
export function moveChannel(state: MinersState, channel: Channel, book: Jobs): void {
  const connection = state.connected.connections.get(channel.session)
  if (connection === undefined || channel.book === book) return
  const from = connection.groups.get(channel.groupId)
  const group = groupOf(connection, book)
  channel.formerBook = channel.book
  channel.book = book
  join(state, group, channel)
  if (from !== undefined) leave(state, from, channel)
  channel.groupId = group.groupId
  if (channel.grouped && connection.takesGroupJobs) {
    tell(state, channel, {
      type: 'SetGroupChannel',
      groupChannelId: group.groupId,
      channelIds: [channel.id],
    })
  }
  sendFirstJob(state, channel)
}

/**
 * Only these version bits may be rolled from now on. Jobs say so to clients that roll others; a client that no job can
 * tell has to come again.
 * @param learns sessions that hear of it in another way
 */
export function limitVersionRolling(
  state: MinersState,
  mask: number,
  learns?: (session: SessionId) => boolean,
): void {
  for (const connection of state.connected.connections.values()) {
    const { session, capabilities } = connection
    const tooMuch = (capabilities.versionRollingMask & ~mask) !== 0
    if (connection.flags === undefined || tooMuch === connection.fixedVersion || learns?.(session) === true)
      continue
    connection.rollingSuspended = tooMuch
    for (const channel of connection.channels.values())
      channel.versionMask = connection.fixedVersion ? 0 : capabilities.versionRollingMask
    if (!tooMuch || !connection.rollsUnasked) continue
    const reason = 'the upstream takes less version rolling than before'
    state.emit({ kind: 'close', session, reason })
  }
}
