import { equalBytes } from '@sv2/bitcoin'
import { closeChannel } from './closing.ts'
import { bidFarewell } from './farewell.ts'
import { type Grant, grantedSize, padded, returnGrant } from './grant.ts'
import type { Home, RelayChannel, Wish } from './parties.ts'
import { attach, detach } from './placement.ts'
import { type RelayState, tell } from './state.ts'

/** Asks for a channel to be opened at the upstream of its slot. */
export function wishToMove(channel: RelayChannel): void {
  const { client, request } = channel
  if (client.slot === undefined || channel.move !== undefined || channel.home === client.slot.home) return
  const wish: Wish = { client, slot: client.slot, channel, request, isDead: false }
  channel.move = wish
  client.slot.wish(wish)
}

/** The new upstream opens the channel: the device goes on there, under the id it knows. */
export function moveGranted(
  state: RelayState,
  channel: RelayChannel,
  { home, grant }: { readonly home: Home; readonly grant: Grant },
): void {
  channel.move = undefined
  const padding = grantedSize(grant) - channel.extranonceSize
  if (padding < 0) {
    returnGrant(home, grant)
    return stay(state, channel, 'extranonce-does-not-fit')
  }
  bidFarewell(state, channel)
  detach(state, channel)
  attach(channel, { home, upstreamId: grant.channelId, groupId: grant.groupChannelId })
  channel.padding = padding
  tellChanges(state, channel, grant)
  const { client, channelId } = channel
  state.emit({ kind: 'channelMoved', session: client.session, channelId, upstream: home.upstream })
}

/** The new upstream does not open the channel. */
export function moveDenied(state: RelayState, channel: RelayChannel, home: Home): void {
  channel.move = undefined
  if (home !== channel.client.slot?.home) return wishToMove(channel)
  stay(state, channel, 'refused-by-upstream')
}

/** A channel that cannot move stays where it is, if it is anywhere. */
function stay(state: RelayState, channel: RelayChannel, reason: string): void {
  if (channel.home === undefined) closeChannel(state, channel, { reason, below: true, above: false })
}

/** What the device has to know before it gets jobs of the new upstream, and nothing else. */
function tellChanges(state: RelayState, channel: RelayChannel, grant: Grant): void {
  const { client, channelId, group } = channel
  const { session } = client
  if (channel.seen !== 0) tell(state, session, { type: 'ChannelEndpointChanged', channelId })
  channel.seen = 0
  const prefix = padded(grant.extranoncePrefix, channel.padding)
  if (!equalBytes(prefix, channel.prefix))
    tell(state, session, { type: 'SetExtranoncePrefix', channelId, extranoncePrefix: prefix })
  channel.prefix = prefix
  const target = grant.target.slice()
  if (!equalBytes(target, channel.target))
    tell(state, session, { type: 'SetTarget', channelId, maximumTarget: target })
  channel.target = target
  if (group === undefined || !channel.isGrouped || !client.takesGroupJobs) return
  tell(state, session, { type: 'SetGroupChannel', groupChannelId: group.groupId, channelIds: [channelId] })
}
