import {
  type CloseChannel,
  CORE_PROTOCOL,
  type Message,
  type Opaque,
  type UpdateChannel,
  withoutControlCharacters,
} from '@sv2/messages'
import { declared, endChannel } from './closing.ts'
import { relayCustomJob } from './custom-jobs.ts'
import { changed } from './fan-out.ts'
import { answerExtensions } from './handshake.ts'
import { declareHashrate } from './hashrate-share.ts'
import { requestChannel } from './opening.ts'
import type { RelayedClient } from './parties.ts'
import { SEEN_UP } from './parties.ts'
import { relayShare } from './shares.ts'
import { clientMisbehaved, type RelayState, tellClient, toUpstream } from './state.ts'

/** Takes a message of a client that is set up. */
export function fromClient(state: RelayState, client: RelayedClient, message: Message): void {
  switch (message.type) {
    case 'SubmitSharesStandard':
    case 'SubmitSharesExtended':
      return relayShare(state, client, message)
    case 'OpenStandardMiningChannel':
    case 'OpenExtendedMiningChannel':
      return requestChannel(state, client, message)
    case 'UpdateChannel':
      return update(state, client, message)
    case 'CloseChannel':
      return close(state, client, message)
    case 'SetCustomMiningJob':
      return relayCustomJob(state, client, message)
    case 'RequestExtensions':
      return answerExtensions(state, client, message)
    case 'ChannelEndpointChanged': {
      const channel = client.channels.get(message.channelId)
      if (channel !== undefined) toUpstream(channel, message)
      return
    }
    case 'Opaque':
      // extensions go through; a message of the protocol itself that we do not know is nothing we could vouch for
      return message.extensionType === CORE_PROTOCOL ? undefined : relayOpaque(client, message)
    default:
      return clientMisbehaved(state, client.session, `unexpected ${message.type}`)
  }
}

function update(state: RelayState, client: RelayedClient, message: UpdateChannel): void {
  const { channelId, nominalHashRate, maximumTarget } = message
  const channel = client.channels.get(channelId)
  const isNumber = Number.isFinite(nominalHashRate)
  if (channel === undefined || !isNumber) {
    const errorCode = isNumber ? 'invalid-channel-id' : 'invalid-nominal-hashrate'
    return tellClient(state, client.session, { type: 'UpdateChannel.Error', channelId, errorCode })
  }
  const before = declared(channel)
  channel.request = { ...channel.request, nominalHashRate, maxTarget: maximumTarget.slice() }
  declareHashrate(client, declared(channel) - before)
  toUpstream(channel, message)
}

/** A client closes a channel, or all of a group: one by one above, where others may be in the group. */
function close(state: RelayState, client: RelayedClient, message: CloseChannel): void {
  const channel = client.channels.get(message.channelId)
  const members = [...(client.groups.get(message.channelId)?.channels ?? [])]
  const reason = withoutControlCharacters(message.reasonCode)
  for (const each of channel === undefined ? members.filter(({ isGrouped }) => isGrouped) : [channel])
    endChannel(state, each, { reason, below: false, above: true })
}

/**
 * Frames of unknown extensions go along their channel, and nowhere else (PRX-14 … PRX-16). A group is only a channel
 * here while no other client is in it.
 */
function relayOpaque(client: RelayedClient, message: Opaque): void {
  if (message.channelId === undefined) return
  const channel = client.channels.get(message.channelId)
  if (channel !== undefined) {
    if (channel.upstreamSession !== undefined) channel.seen |= SEEN_UP
    channel.upstreamSession?.link.send({ ...message, channelId: channel.upstreamId })
    return
  }
  const group = client.groups.get(message.channelId)
  if (group?.upstreamId === undefined || group.upstreamSession.groups.get(group.upstreamId)?.size !== 1)
    return
  for (const each of group.channels) each.seen |= SEEN_UP
  group.upstreamSession.link.send(changed(message, { channelId: group.upstreamId }))
}
