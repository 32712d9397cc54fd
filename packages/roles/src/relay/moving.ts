import { equalBytes } from '@sv2/bitcoin'
import { endChannel } from './closing.ts'
import { startDraining } from './draining.ts'
import { type ChannelGrant, grantedSize, padded, returnGrant } from './grant.ts'
import type { PendingOpen, RelayChannel, UpstreamSession } from './parties.ts'
import { attach, detach } from './placement.ts'
import { type RelayState, tellClient } from './state.ts'

/** Asks for a channel to be opened at the upstream of its slot. */
export function openElsewhere(channel: RelayChannel): void {
  const { client, request } = channel
  if (
    client.slot === undefined ||
    channel.move !== undefined ||
    channel.upstreamSession === client.slot.upstreamSession
  )
    return
  const pendingOpen: PendingOpen = { client, slot: client.slot, channel, request, isDead: false }
  channel.move = pendingOpen
  client.slot.enqueue(pendingOpen)
}

/** The new upstream opens the channel: the device goes on there, under the id it knows. */
export function moveGranted(
  state: RelayState,
  channel: RelayChannel,
  { upstreamSession, grant }: { readonly upstreamSession: UpstreamSession; readonly grant: ChannelGrant },
): void {
  channel.move = undefined
  const padding = grantedSize(grant) - channel.extranonceSize
  if (padding < 0) {
    returnGrant(upstreamSession, grant)
    return stay(state, channel, 'extranonce-does-not-fit')
  }
  startDraining(state, channel)
  detach(state, channel)
  attach(channel, { upstreamSession, upstreamId: grant.channelId, groupId: grant.groupChannelId })
  channel.padding = padding
  tellChanges(state, channel, grant)
  const { client, channelId } = channel
  state.emit({ kind: 'channelMoved', session: client.session, channelId, upstream: upstreamSession.upstream })
}

/** The new upstream does not open the channel. */
export function moveDenied(state: RelayState, channel: RelayChannel, upstreamSession: UpstreamSession): void {
  channel.move = undefined
  if (upstreamSession !== channel.client.slot?.upstreamSession) return openElsewhere(channel)
  stay(state, channel, 'refused-by-upstream')
}

/** A channel that cannot move stays where it is, if it is anywhere. */
function stay(state: RelayState, channel: RelayChannel, reason: string): void {
  if (channel.upstreamSession === undefined) endChannel(state, channel, { reason, below: true, above: false })
}

/** What the device has to know before it gets jobs of the new upstream, and nothing else. */
function tellChanges(state: RelayState, channel: RelayChannel, grant: ChannelGrant): void {
  const { client, channelId, group } = channel
  const { session } = client
  if (channel.seen !== 0) tellClient(state, session, { type: 'ChannelEndpointChanged', channelId })
  channel.seen = 0
  const prefix = padded(grant.extranoncePrefix, channel.padding)
  if (!equalBytes(prefix, channel.prefix))
    tellClient(state, session, { type: 'SetExtranoncePrefix', channelId, extranoncePrefix: prefix })
  channel.prefix = prefix
  const target = grant.target.slice()
  if (!equalBytes(target, channel.target))
    tellClient(state, session, { type: 'SetTarget', channelId, maximumTarget: target })
  channel.target = target
  if (group === undefined || !channel.isGrouped || !client.takesGroupJobs) return
  tellClient(state, session, {
    type: 'SetGroupChannel',
    groupChannelId: group.groupId,
    channelIds: [channelId],
  })
}
