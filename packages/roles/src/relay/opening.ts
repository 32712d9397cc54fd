import { MINING_SUCCESS_FLAGS, withoutControlCharacters } from '@sv2/messages'
import { fillIdentity } from '../client/identity-template.ts'
import { owned } from '../ground/owned.ts'
import { NEVER } from '../ground/role.ts'
import { MAX_FULL_EXTRANONCE } from '../mining/channel/extranonce.ts'
import { declared } from './closing.ts'
import { type ChannelGrant, grantedSize, padded, returnGrant } from './grant.ts'
import { declareHashrate } from './hashrate-share.ts'
import { moveDenied, moveGranted } from './moving.ts'
import type { PendingOpen, RelayedClient, UpstreamSession } from './parties.ts'
import { type OpenRequest, RelayChannel, type RelaySlot } from './parties.ts'
import { attach } from './placement.ts'
import { type RelayState, tellClient } from './state.ts'

/** Open requests that may be without an answer at one upstream: a failover must not flood it. */
const MAX_IN_FLIGHT = 1_024
/** Takes a client's request for a channel; it waits while there is no upstream. */
export function requestChannel(state: RelayState, client: RelayedClient, request: OpenRequest): void {
  const { slot } = client
  if (slot === undefined) return
  const code = refusalOf(state, client, request)
  if (code !== undefined) return refuse(state, client, { request, code, by: 'proxy' })
  const pendingOpen: PendingOpen = {
    client,
    slot,
    channel: undefined,
    request: owned(request),
    isDead: false,
  }
  client.pendingOpens ??= new Set()
  client.pendingOpens.add(pendingOpen)
  state.waiting++
  slot.enqueue(pendingOpen)
  pump(state, slot)
}

/** Sends what is waited for to the upstream, as much as may be under way. */
export function pump(state: RelayState, slot: RelaySlot): void {
  const { upstreamSession } = slot
  if (upstreamSession === undefined) return
  while (upstreamSession.pendingOpens.size < MAX_IN_FLIGHT) {
    const pendingOpen = slot.takePendingOpen()
    if (pendingOpen === undefined) return
    send(state, upstreamSession, pendingOpen)
  }
}

/** The upstream opens a channel. */
export function granted(
  state: RelayState,
  upstreamSession: UpstreamSession,
  requestId: number,
  grant: ChannelGrant,
): void {
  const pendingOpen = upstreamSession.pendingOpens.get(requestId)
  if (pendingOpen === undefined) return
  answered(state, upstreamSession, requestId)
  state.upstreams.served(upstreamSession.upstream)
  const problem = problemOf(upstreamSession, pendingOpen, grant)
  if (problem !== undefined) {
    const { upstream } = upstreamSession
    state.emit({ kind: 'upstreamMessageIgnored', upstream, reason: `${grant.type}: ${problem}` })
    giveUp(state, upstreamSession, pendingOpen, 'channel-capacity-exhausted')
  } else if (pendingOpen.isDead) {
    returnGrant(upstreamSession, grant)
  } else if (upstreamSession !== pendingOpen.slot.upstreamSession) {
    returnGrant(upstreamSession, grant)
    pendingOpen.slot.enqueue(pendingOpen)
  } else if (pendingOpen.channel === undefined) {
    open(state, upstreamSession, pendingOpen, grant)
  } else moveGranted(state, pendingOpen.channel, { upstreamSession, grant })
  pumpAll(state, upstreamSession)
}

/** The upstream refuses a channel. */
export function denied(
  state: RelayState,
  upstreamSession: UpstreamSession,
  requestId: number,
  code: string,
): void {
  const pendingOpen = upstreamSession.pendingOpens.get(requestId)
  if (pendingOpen === undefined) return
  answered(state, upstreamSession, requestId)
  if (!pendingOpen.isDead) giveUp(state, upstreamSession, pendingOpen, withoutControlCharacters(code))
  pumpAll(state, upstreamSession)
}

function answered(state: RelayState, upstreamSession: UpstreamSession, requestId: number): void {
  upstreamSession.pendingOpens.delete(requestId)
  upstreamSession.silentSince = upstreamSession.pendingOpens.size > 0 ? state.now : NEVER
}

function pumpAll(state: RelayState, upstreamSession: UpstreamSession): void {
  for (const slot of [...state.slots.plain, ...state.slots.workSelection])
    if (slot.upstreamSession === upstreamSession) pump(state, slot)
}

function send(state: RelayState, upstreamSession: UpstreamSession, pendingOpen: PendingOpen): void {
  const { request, channel } = pendingOpen
  if (channel !== undefined && channel.upstreamSession === upstreamSession) {
    // the upstream was changed and changed back meanwhile
    channel.move = undefined
    return
  }
  const template = state.connections[upstreamSession.upstream]!.upstream.identity
  const userIdentity = fillIdentity(template, request.userIdentity)
  const extendedOnly = (upstreamSession.link.flags & MINING_SUCCESS_FLAGS.REQUIRES_EXTENDED_CHANNELS) !== 0
  if (extendedOnly && request.type === 'OpenStandardMiningChannel')
    return giveUp(state, upstreamSession, pendingOpen, 'standard-channels-not-supported', 'proxy')
  const { nominalHashRate, maxTarget } = channel?.request ?? request
  const common = { userIdentity, nominalHashRate, maxTarget }
  const requestId = upstreamSession.link.open(
    request.type === 'OpenStandardMiningChannel'
      ? { type: request.type, ...common }
      : {
          type: request.type,
          ...common,
          minExtranonceSize: channel?.extranonceSize ?? request.minExtranonceSize,
        },
  )
  if (requestId === undefined)
    return giveUp(state, upstreamSession, pendingOpen, 'channel-capacity-exhausted', 'proxy')
  if (upstreamSession.pendingOpens.size === 0) upstreamSession.silentSince = state.now
  upstreamSession.pendingOpens.set(requestId, pendingOpen)
}

/** Why a grant cannot be taken; undefined when it can. */
function problemOf(
  upstreamSession: UpstreamSession,
  { request }: PendingOpen,
  grant: ChannelGrant,
): string | undefined {
  if (grant.type !== `${request.type}.Success`) return 'a channel of the other kind'
  if (
    [upstreamSession.channels, upstreamSession.groups, upstreamSession.draining].some((ids) =>
      ids.has(grant.channelId),
    )
  )
    return 'the id is in use'
  // where groups are of standard channels alone, software of 2020 names a channel as its own group
  const isAlone =
    !upstreamSession.groupsExtendedChannels &&
    (grant.type === 'OpenExtendedMiningChannel.Success' || grant.groupChannelId === grant.channelId)
  if (
    !isAlone &&
    (upstreamSession.channels.has(grant.groupChannelId) || grant.groupChannelId === grant.channelId)
  )
    return 'the id of the group is that of a channel'
  const full = grant.extranoncePrefix.length + grantedSize(grant)
  return full > MAX_FULL_EXTRANONCE ? `an extranonce of ${full} bytes` : undefined
}

function open(
  state: RelayState,
  upstreamSession: UpstreamSession,
  pendingOpen: PendingOpen,
  grant: ChannelGrant,
): void {
  const { client, request } = pendingOpen
  forget(state, pendingOpen)
  const channelId = client.idFor(grant.channelId)
  const padding = Math.max(0, grantedSize(grant) - client.capabilities.maxExtranonceSize)
  const prefix = padded(grant.extranoncePrefix, padding)
  const extranonceSize = grantedSize(grant) - padding
  const target = grant.target.slice()
  const channel = new RelayChannel(client, { channelId, request, prefix, extranonceSize, target })
  channel.padding = padding
  client.channels.set(channelId, channel)
  state.channels++
  declareHashrate(client, declared(channel))
  attach(channel, { upstreamSession, upstreamId: grant.channelId, groupId: grant.groupChannelId })
  const opened = {
    requestId: request.requestId,
    channelId,
    target,
    extranoncePrefix: prefix,
    groupChannelId: channel.group?.groupId ?? channelId,
  }
  tellClient(
    state,
    client.session,
    channel.kind === 'standard'
      ? { type: 'OpenStandardMiningChannel.Success', ...opened }
      : { type: 'OpenExtendedMiningChannel.Success', ...opened, extranonceSize },
  )
  state.emit({
    kind: 'channelOpened',
    session: client.session,
    channelId,
    channelKind: channel.kind,
    user: request.userIdentity,
    upstream: upstreamSession.upstream,
    nominalHashrate: request.nominalHashRate,
  })
}

/** A channel is not to be had here. */
function giveUp(
  state: RelayState,
  upstreamSession: UpstreamSession,
  pendingOpen: PendingOpen,
  code: string,
  by: 'upstream' | 'proxy' = 'upstream',
): void {
  const { channel, client, request } = pendingOpen
  if (channel !== undefined) return moveDenied(state, channel, upstreamSession)
  forget(state, pendingOpen)
  refuse(state, client, { request, code, by })
}

/** The pending open of a new channel is answered. */
function forget(state: RelayState, pendingOpen: PendingOpen): void {
  pendingOpen.client.pendingOpens?.delete(pendingOpen)
  if (pendingOpen.client.pendingOpens?.size === 0) pendingOpen.client.pendingOpens = undefined
  state.waiting--
}

function refuse(
  state: RelayState,
  client: RelayedClient,
  refusal: { readonly request: OpenRequest; readonly code: string; readonly by: 'upstream' | 'proxy' },
): void {
  const { code, by, request } = refusal
  const { session } = client
  tellClient(state, session, {
    type: 'OpenMiningChannel.Error',
    requestId: request.requestId,
    errorCode: code,
  })
  state.emit({ kind: 'channelRefused', session, identity: request.userIdentity, code, by })
}

/** Why a request is refused without asking the upstream; undefined when it is asked. */
function refusalOf(state: RelayState, client: RelayedClient, request: OpenRequest): string | undefined {
  const { limits } = state.settings
  if (request.type === 'OpenExtendedMiningChannel') {
    if (client.requiresStandardJobs) return 'extended-channels-not-supported-for-standard-jobs'
  } else {
    if (client.requiresWorkSelection) return 'standard-channels-not-supported-for-custom-work'
    if (client.extendedOnly) return 'standard-channels-not-supported'
  }
  if (!Number.isFinite(request.nominalHashRate)) return 'invalid-nominal-hashrate'
  const waiting = client.pendingOpens?.size ?? 0
  const isFull =
    waiting >= limits.maxWaitingPerConnection ||
    state.waiting >= limits.maxWaiting ||
    client.channels.size + waiting >= limits.maxChannelsPerConnection ||
    state.channels + state.waiting >= limits.maxChannels
  return isFull ? 'channel-capacity-exhausted' : undefined
}
