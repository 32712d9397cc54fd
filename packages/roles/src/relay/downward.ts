import { CORE_PROTOCOL, type Message, type SetGroupChannel, withoutControlCharacters } from '@sv2/messages'
import { MAX_FULL_EXTRANONCE } from '../mining/channel/extranonce.ts'
import { endChannel } from './closing.ts'
import { answerCustomJob } from './custom-jobs.ts'
import { isLateAnswer } from './draining.ts'
import {
  changed,
  extendedJobTelling,
  prevHashTelling,
  standardJobTelling,
  tellChannel,
  tellGroup,
} from './fan-out.ts'
import { padded } from './grant.ts'
import type { ClientGroup, RelayedClient, UpstreamSession } from './parties.ts'
import { type RelayChannel, SEEN_DOWN } from './parties.ts'
import { joinGroup, leaveGroup } from './placement.ts'
import { type RelayState, tellClient } from './state.ts'

/**
 * Passes an upstream's message on to the clients it is for; a message without a receiver becomes a fact and is dropped.
 */
export function fromUpstream(state: RelayState, upstreamSession: UpstreamSession, message: Message): void {
  if (message.type === 'SetGroupChannel') return regroup(state, upstreamSession, message)
  if (message.type === 'SetCustomMiningJob.Success' || message.type === 'SetCustomMiningJob.Error') {
    if (!answerCustomJob(state, upstreamSession, message))
      ignore(state, upstreamSession, message, 'answers no custom job of ours')
    return
  }
  // extensions go through; a message of the protocol itself that we do not know is nothing we could vouch for
  if (message.type === 'Opaque' && message.extensionType === CORE_PROTOCOL)
    return ignore(state, upstreamSession, message, `0x${message.msgType.toString(16)} is unknown here`)
  const id = 'channelId' in message ? message.channelId : undefined
  if (id === undefined)
    return message.type === 'Opaque' ? undefined : ignore(state, upstreamSession, message, 'for nobody')
  const channel = upstreamSession.channels.get(id)
  if (channel !== undefined) return forChannel(state, { upstreamSession, channel }, message)
  const groups = upstreamSession.groups.get(id)
  if (groups !== undefined) return forGroup(state, { upstreamSession, groups }, message)
  const left = upstreamSession.draining.get(id)
  if (left === undefined) return ignore(state, upstreamSession, message, 'for a channel that is not there')
  if (isLateAnswer(message)) forChannel(state, { upstreamSession, channel: left }, message)
}

function forChannel(
  state: RelayState,
  { upstreamSession, channel }: { readonly upstreamSession: UpstreamSession; readonly channel: RelayChannel },
  message: Message,
): void {
  const { channelId, client } = channel
  const { session } = client
  switch (message.type) {
    case 'NewMiningJob':
      if (channel.kind === 'extended')
        return ignore(state, upstreamSession, message, 'a standard job on an extended channel')
      return tellChannel(state, channel, standardJobTelling(upstreamSession, message))
    case 'NewExtendedMiningJob':
      return tellChannel(state, channel, extendedJobTelling(state, upstreamSession, message))
    case 'SetNewPrevHash':
      return tellChannel(state, channel, prevHashTelling(upstreamSession, message))
    case 'SetTarget':
      channel.target = message.maximumTarget.slice()
      return tellClient(state, session, changed(message, { channelId }))
    case 'SetExtranoncePrefix':
      return renewPrefix(state, { upstreamSession, channel }, message.extranoncePrefix)
    case 'CloseChannel':
      return closedAbove(state, channel, message.reasonCode)
    case 'SubmitShares.Success': {
      const { newSubmitsAcceptedCount: count, newSharesSum: work } = message
      state.emit({ kind: 'sharesAccepted', session, channelId, count, work })
      return tellClient(state, session, changed(message, { channelId }))
    }
    case 'SubmitShares.Error': {
      const code = withoutControlCharacters(message.errorCode)
      state.emit({ kind: 'shareRefused', session, channelId, code, by: 'upstream' })
      return tellClient(state, session, changed(message, { channelId, errorCode: code }))
    }
    case 'UpdateChannel.Error': {
      const errorCode = withoutControlCharacters(message.errorCode)
      return tellClient(state, session, changed(message, { channelId, errorCode }))
    }
    case 'ChannelEndpointChanged':
      return tellClient(state, session, changed(message, { channelId }))
    case 'Opaque':
      channel.seen |= SEEN_DOWN
      return tellClient(state, session, { ...message, channelId })
    default:
      return ignore(state, upstreamSession, message, 'not for a channel')
  }
}

function forGroup(
  state: RelayState,
  at: { readonly upstreamSession: UpstreamSession; readonly groups: ReadonlyMap<RelayedClient, ClientGroup> },
  message: Message,
): void {
  const { upstreamSession, groups } = at
  switch (message.type) {
    case 'NewExtendedMiningJob':
      return tellGroup(state, groups, extendedJobTelling(state, upstreamSession, message))
    case 'SetNewPrevHash':
      return tellGroup(state, groups, prevHashTelling(upstreamSession, message))
    case 'SetTarget': {
      const target = message.maximumTarget.slice()
      for (const channel of channelsOf(groups)) channel.target = target
      return tellGroup(state, groups, { message: (_, channelId) => changed(message, { channelId }) })
    }
    case 'CloseChannel':
      for (const channel of channelsOf(groups)) closedAbove(state, channel, message.reasonCode)
      return
    case 'ChannelEndpointChanged':
      return tellGroup(state, groups, { message: (_, channelId) => changed(message, { channelId }) })
    case 'Opaque':
      for (const channel of channelsOf(groups)) channel.seen |= SEEN_DOWN
      return tellGroup(state, groups, { message: (_, channelId) => ({ ...message, channelId }) })
    default:
      return ignore(state, upstreamSession, message, 'not for a group')
  }
}

function channelsOf(groups: ReadonlyMap<RelayedClient, ClientGroup>): RelayChannel[] {
  return [...groups.values()].flatMap(({ channels }) => [...channels])
}

function closedAbove(state: RelayState, channel: RelayChannel, reasonCode: string): void {
  endChannel(state, channel, { reason: withoutControlCharacters(reasonCode), below: true, above: false })
}

function renewPrefix(
  state: RelayState,
  { upstreamSession, channel }: { readonly upstreamSession: UpstreamSession; readonly channel: RelayChannel },
  prefix: Uint8Array,
): void {
  const { client, channelId, padding, extranonceSize } = channel
  const message = {
    type: 'SetExtranoncePrefix' as const,
    channelId,
    extranoncePrefix: padded(prefix, padding),
  }
  if (message.extranoncePrefix.length + extranonceSize > MAX_FULL_EXTRANONCE)
    return ignore(state, upstreamSession, message, 'the prefix is too long')
  channel.prefix = message.extranoncePrefix
  tellClient(state, client.session, message)
}

/** Moves channels into a group; each connection is told of its own, where it knows groups. */
function regroup(state: RelayState, upstreamSession: UpstreamSession, message: SetGroupChannel): void {
  const { groupChannelId, channelIds } = message
  if (upstreamSession.channels.has(groupChannelId))
    return ignore(state, upstreamSession, message, 'the id of the group is that of a channel')
  const told = new Map<RelayedClient, { readonly groupId: number; readonly channelIds: number[] }>()
  for (const channel of new Set(channelIds.map((id) => upstreamSession.channels.get(id)))) {
    if (channel === undefined || (channel.kind === 'extended' && !upstreamSession.groupsExtendedChannels))
      continue
    const { client, channelId } = channel
    leaveGroup(channel)
    joinGroup(channel, groupChannelId)
    if (channel.group === undefined || !channel.isGrouped || !client.takesGroupJobs) continue
    const moved = told.get(client)
    if (moved !== undefined) moved.channelIds.push(channelId)
    else told.set(client, { groupId: channel.group.groupId, channelIds: [channelId] })
  }
  for (const [client, { groupId, channelIds: ids }] of told) {
    tellClient(state, client.session, { type: 'SetGroupChannel', groupChannelId: groupId, channelIds: ids })
  }
}

function ignore(
  state: RelayState,
  upstreamSession: UpstreamSession,
  { type }: Message,
  reason: string,
): void {
  state.emit({
    kind: 'upstreamMessageIgnored',
    upstream: upstreamSession.upstream,
    reason: `${type}: ${reason}`,
  })
}
