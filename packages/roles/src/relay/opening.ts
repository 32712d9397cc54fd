import { MINING_SUCCESS_FLAGS, withoutControlCharacters } from '@sv2/messages'
import { fillIdentity } from '../client/identity-template.ts'
import { owned } from '../ground/owned.ts'
import { NEVER } from '../ground/role.ts'
import { MAX_FULL_EXTRANONCE } from '../mining/channel/extranonce.ts'
import { declared } from './closing.ts'
import { type Grant, grantedSize, padded, returnGrant } from './grant.ts'
import { declareHashrate } from './hashrate-share.ts'
import { moveDenied, moveGranted } from './moving.ts'
import type { Client, Home, Wish } from './parties.ts'
import { type OpenRequest, RelayChannel, type RelaySlot } from './parties.ts'
import { attach } from './placement.ts'
import { type RelayState, tell } from './state.ts'

/** Open requests that may be without an answer at one upstream: a failover must not flood it. */
const MAX_IN_FLIGHT = 1_024
/** Takes a client's request for a channel; it waits while there is no upstream. */
export function requestChannel(state: RelayState, client: Client, request: OpenRequest): void {
  const { slot } = client
  if (slot === undefined) return
  const code = refusalOf(state, client, request)
  if (code !== undefined) return refuse(state, client, { request, code, by: 'proxy' })
  const wish: Wish = { client, slot, channel: undefined, request: owned(request), isDead: false }
  client.wishes ??= new Set()
  client.wishes.add(wish)
  state.waiting++
  slot.wish(wish)
  pump(state, slot)
}

/** Sends what is waited for to the upstream, as much as may be under way. */
export function pump(state: RelayState, slot: RelaySlot): void {
  const { home } = slot
  if (home === undefined) return
  while (home.wishes.size < MAX_IN_FLIGHT) {
    const wish = slot.takeWish()
    if (wish === undefined) return
    send(state, home, wish)
  }
}

/** The upstream opens a channel. */
export function granted(state: RelayState, home: Home, requestId: number, grant: Grant): void {
  const wish = home.wishes.get(requestId)
  if (wish === undefined) return
  answered(state, home, requestId)
  state.upstreams.served(home.upstream)
  const problem = problemOf(home, wish, grant)
  if (problem !== undefined) {
    const { upstream } = home
    state.emit({ kind: 'upstreamMessageIgnored', upstream, reason: `${grant.type}: ${problem}` })
    giveUp(state, home, wish, 'channel-capacity-exhausted')
  } else if (wish.isDead) {
    returnGrant(home, grant)
  } else if (home !== wish.slot.home) {
    returnGrant(home, grant)
    wish.slot.wish(wish)
  } else if (wish.channel === undefined) {
    open(state, home, wish, grant)
  } else moveGranted(state, wish.channel, { home, grant })
  pumpAll(state, home)
}

/** The upstream refuses a channel. */
export function denied(state: RelayState, home: Home, requestId: number, code: string): void {
  const wish = home.wishes.get(requestId)
  if (wish === undefined) return
  answered(state, home, requestId)
  if (!wish.isDead) giveUp(state, home, wish, withoutControlCharacters(code))
  pumpAll(state, home)
}

function answered(state: RelayState, home: Home, requestId: number): void {
  home.wishes.delete(requestId)
  home.silentSince = home.wishes.size > 0 ? state.now : NEVER
}

function pumpAll(state: RelayState, home: Home): void {
  for (const slot of [...state.slots.plain, ...state.slots.workSelection])
    if (slot.home === home) pump(state, slot)
}

function send(state: RelayState, home: Home, wish: Wish): void {
  const { request, channel } = wish
  if (channel !== undefined && channel.home === home) {
    // the upstream was changed and changed back meanwhile
    channel.move = undefined
    return
  }
  const template = settingsOf(state, home).identity
  const userIdentity = fillIdentity(template, request.userIdentity)
  const extendedOnly = (home.link.flags & MINING_SUCCESS_FLAGS.REQUIRES_EXTENDED_CHANNELS) !== 0
  if (extendedOnly && request.type === 'OpenStandardMiningChannel')
    return giveUp(state, home, wish, 'standard-channels-not-supported', 'proxy')
  const { nominalHashRate, maxTarget } = channel?.request ?? request
  const common = { userIdentity, nominalHashRate, maxTarget }
  const requestId = home.link.open(
    request.type === 'OpenStandardMiningChannel'
      ? { type: request.type, ...common }
      : {
          type: request.type,
          ...common,
          minExtranonceSize: channel?.extranonceSize ?? request.minExtranonceSize,
        },
  )
  if (requestId === undefined) return giveUp(state, home, wish, 'channel-capacity-exhausted', 'proxy')
  if (home.wishes.size === 0) home.silentSince = state.now
  home.wishes.set(requestId, wish)
}

function settingsOf(state: RelayState, home: Home) {
  const { upstreams } = state.settings
  return upstreams[home.upstream % upstreams.length]!
}

/** Why a grant cannot be taken; undefined when it can. */
function problemOf(home: Home, { request }: Wish, grant: Grant): string | undefined {
  if (grant.type !== `${request.type}.Success`) return 'a channel of the other kind'
  if ([home.channels, home.groups, home.leaving].some((ids) => ids.has(grant.channelId)))
    return 'the id is in use'
  // where groups are of standard channels alone, software of 2020 names a channel as its own group
  const isAlone =
    !home.groupsExtendedChannels &&
    (grant.type === 'OpenExtendedMiningChannel.Success' || grant.groupChannelId === grant.channelId)
  if (!isAlone && (home.channels.has(grant.groupChannelId) || grant.groupChannelId === grant.channelId))
    return 'the id of the group is that of a channel'
  const full = grant.extranoncePrefix.length + grantedSize(grant)
  return full > MAX_FULL_EXTRANONCE ? `an extranonce of ${full} bytes` : undefined
}

function open(state: RelayState, home: Home, wish: Wish, grant: Grant): void {
  const { client, request } = wish
  forget(state, wish)
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
  attach(channel, { home, upstreamId: grant.channelId, groupId: grant.groupChannelId })
  const opened = {
    requestId: request.requestId,
    channelId,
    target,
    extranoncePrefix: prefix,
    groupChannelId: channel.group?.groupId ?? channelId,
  }
  tell(
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
    upstream: home.upstream,
    nominalHashrate: request.nominalHashRate,
  })
}

/** A channel is not to be had here. */
function giveUp(
  state: RelayState,
  home: Home,
  wish: Wish,
  code: string,
  by: 'upstream' | 'proxy' = 'upstream',
): void {
  const { channel, client, request } = wish
  if (channel !== undefined) return moveDenied(state, channel, home)
  forget(state, wish)
  refuse(state, client, { request, code, by })
}

/** A new channel's wish is answered. */
function forget(state: RelayState, wish: Wish): void {
  wish.client.wishes?.delete(wish)
  if (wish.client.wishes?.size === 0) wish.client.wishes = undefined
  state.waiting--
}

function refuse(
  state: RelayState,
  client: Client,
  refusal: { readonly request: OpenRequest; readonly code: string; readonly by: 'upstream' | 'proxy' },
): void {
  const { code, by, request } = refusal
  const { session } = client
  tell(state, session, { type: 'OpenMiningChannel.Error', requestId: request.requestId, errorCode: code })
  state.emit({ kind: 'channelRefused', session, code, by })
}

/** Why a request is refused without asking the upstream; undefined when it is asked. */
function refusalOf(state: RelayState, client: Client, request: OpenRequest): string | undefined {
  const { limits } = state.settings
  if (request.type === 'OpenExtendedMiningChannel') {
    if (client.requiresStandardJobs) return 'extended-channels-not-supported-for-standard-jobs'
  } else {
    if (client.requiresWorkSelection) return 'standard-channels-not-supported-for-custom-work'
    if (client.extendedOnly) return 'standard-channels-not-supported'
  }
  if (!Number.isFinite(request.nominalHashRate)) return 'invalid-nominal-hashrate'
  const waiting = client.wishes?.size ?? 0
  const isFull =
    waiting >= limits.maxWaitingPerConnection ||
    state.waiting >= limits.maxWaiting ||
    client.channels.size + waiting >= limits.maxChannelsPerConnection ||
    state.channels + state.waiting >= limits.maxChannels
  return isFull ? 'channel-capacity-exhausted' : undefined
}
