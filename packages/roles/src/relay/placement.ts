import { withFormer } from './job-ids.ts'
import type { ClientGroup, RelayChannel, RelayedClient, UpstreamSession } from './parties.ts'
import type { RelayState } from './state.ts'

/** Where a channel is at an upstream. */
export interface Place {
  readonly upstreamSession: UpstreamSession
  readonly upstreamId: number
  readonly groupId: number
}

/** Puts a channel at an upstream, and into its group. */
export function attach(channel: RelayChannel, place: Place): void {
  const { slot } = channel.client
  channel.upstreamSession = place.upstreamSession
  channel.upstreamId = place.upstreamId
  place.upstreamSession.channels.set(place.upstreamId, channel)
  if (slot !== undefined) place.upstreamSession.uses(slot, 1)
  joinGroup(channel, place.groupId)
}

/** Takes a channel from its upstream; what its client knows of jobs from there is remembered. */
export function detach(state: RelayState, channel: RelayChannel): void {
  const { upstreamSession, client } = channel
  if (upstreamSession === undefined) return
  const { recent } = upstreamSession.jobs
  upstreamSession.channels.delete(channel.upstreamId)
  leaveGroup(channel)
  if (client.slot !== undefined) upstreamSession.uses(client.slot, -1)
  if (!channel.isClosed && client.former[0] !== recent) client.former = withFormer(client.former, recent)
  channel.upstreamSession = undefined
  if (client.slot !== undefined && !upstreamSession.users.has(client.slot)) state.unsettled = true
}

/** Puts a channel into the group that its upstream calls `upstreamGroupId`. */
export function joinGroup(channel: RelayChannel, upstreamGroupId: number): void {
  const { upstreamSession, client } = channel
  if (upstreamSession === undefined) return
  const group =
    channel.kind === 'extended' && !upstreamSession.groupsExtendedChannels
      ? loneGroup(channel, upstreamSession)
      : sharedGroup(client, upstreamSession, upstreamGroupId)
  group.channels.add(channel)
  if (channel.isGrouped) group.members++
  channel.group = group
}

/** Takes a channel out of its group; an empty group is forgotten. */
export function leaveGroup(channel: RelayChannel): void {
  const { group } = channel
  if (group === undefined) return
  channel.group = undefined
  group.channels.delete(channel)
  if (channel.isGrouped) group.members--
  if (group.channels.size > 0) return
  const { client, upstreamSession, upstreamId } = group
  client.dropGroup(group)
  if (upstreamId === undefined) return
  const groups = upstreamSession.groups.get(upstreamId)
  groups?.delete(client)
  if (groups?.size === 0) upstreamSession.groups.delete(upstreamId)
}

function sharedGroup(
  client: RelayedClient,
  upstreamSession: UpstreamSession,
  upstreamId: number,
): ClientGroup {
  const groups = upstreamSession.groups.get(upstreamId) ?? new Map<RelayedClient, ClientGroup>()
  upstreamSession.groups.set(upstreamId, groups)
  const known = groups.get(client)
  if (known !== undefined) return known
  const group = newGroup(client, upstreamSession, upstreamId)
  groups.set(client, group)
  return group
}

/** Where the upstream has no groups for extended channels each is alone; its client may still want to see a group. */
function loneGroup(channel: RelayChannel, upstreamSession: UpstreamSession): ClientGroup {
  if (channel.isGrouped) return newGroup(channel.client, upstreamSession, undefined)
  const { client, channelId: groupId } = channel
  return { client, groupId, upstreamSession, upstreamId: undefined, channels: new Set(), members: 0 }
}

function newGroup(
  client: RelayedClient,
  upstreamSession: UpstreamSession,
  upstreamId: number | undefined,
): ClientGroup {
  const groupId = upstreamId === undefined ? client.ownId() : client.idFor(upstreamId)
  const group: ClientGroup = { client, groupId, upstreamSession, upstreamId, channels: new Set(), members: 0 }
  client.groups.set(groupId, group)
  return group
}
