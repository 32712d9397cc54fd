import { compareLe, MAX_TARGET } from '@sv2/bitcoin'
import type { OpenExtendedMiningChannel, OpenStandardMiningChannel, UpdateChannel } from '@sv2/messages'
import { RateCap } from '../../ground/rate-cap.ts'
import type { Millis } from '../../ground/role.ts'
import { Channel } from '../channel/channel.ts'
import { exactLevel, type Level } from '../channel/difficulty.ts'
import { extranoncePrefix, leaseSize, MAX_FULL_EXTRANONCE } from '../channel/extranonce.ts'
import type { Connection } from './connection.ts'
import { aimOf, levelFor, startDifficulty, ungranted } from './difficulty-round.ts'
import { groupOf, join } from './groups.ts'
import { changeLevel, putOff } from './new-levels.ts'
import { chargeRefusal } from './refusals.ts'
import { channelsOf, countChannel, type MinersState, send } from './state.ts'
import { MAX_PER_CONNECTION } from './waiting-requests.ts'
import { sendFirstJob } from './work.ts'
import type { Assignment, Refusal } from './work-source.ts'

/** Changes of its level that a channel may ask for, over ten seconds; what is asked for beyond that is put off. */
const REQUESTS_PER_SECOND = 0.5

type OpenRequest = OpenStandardMiningChannel | OpenExtendedMiningChannel

/** Answers a request for a channel, and sends the channel its first work. */
export function openChannel(
  state: MinersState,
  connection: Connection,
  request: OpenRequest,
  now: Millis,
): void {
  const answer = admit(state, connection, request)
  if (answer === 'later') {
    if (!state.due.waiting.keep(connection, request)) throw new RangeError('a request without room to wait')
    return
  }
  if ('code' in answer) return refuseChannel(state, connection, request, answer)
  const channel = makeChannel(state, connection, { request, ...answer }, now)
  channel.wish = ungranted(channel.book, startDifficulty(state, request.nominalHashRate))
  const opened = {
    requestId: request.requestId,
    channelId: channel.id,
    target: channel.level.target,
    extranoncePrefix: channel.prefix,
    groupChannelId: channel.groupId,
  }
  if (channel.kind === 'standard') {
    send(state, connection.session, { type: 'OpenStandardMiningChannel.Success', ...opened })
  } else {
    const { extranonceSize } = channel
    send(state, connection.session, { type: 'OpenExtendedMiningChannel.Success', ...opened, extranonceSize })
  }
  state.emit({
    kind: 'channelOpened',
    session: channel.session,
    channelId: channel.id,
    channelKind: channel.kind,
    user: channel.user,
    worker: channel.worker,
    difficulty: channel.level.difficulty,
    nominalHashrate: channel.nominalHashrate,
  })
  if (!connection.requiresWorkSelection) sendFirstJob(state, channel)
}

function refuseChannel(
  state: MinersState,
  connection: Connection,
  request: OpenRequest,
  refusal: Refusal,
): void {
  send(state, connection.session, {
    type: 'OpenMiningChannel.Error',
    requestId: request.requestId,
    errorCode: refusal.code,
  })
  const { session } = connection
  state.emit({ kind: 'channelRefused', session, identity: request.userIdentity, ...refusal })
  chargeRefusal(state, connection)
}

/** Takes over a client's new hash rate and limit (POOL-21, POOL-22). */
export function updateChannel(
  state: MinersState,
  connection: Connection,
  update: UpdateChannel,
  now: Millis,
): void {
  const channel = connection.channel(update.channelId)
  const code =
    channel === undefined
      ? 'invalid-channel-id'
      : (badHashrate(update.nominalHashRate) ?? impossibleTarget(update.maximumTarget))
  if (channel === undefined || code !== undefined) {
    const errorCode = code ?? 'invalid-channel-id'
    send(state, connection.session, { type: 'UpdateChannel.Error', channelId: update.channelId, errorCode })
    state.emit({
      kind: 'updateRefused',
      session: connection.session,
      channelId: update.channelId,
      code: errorCode,
    })
    chargeRefusal(state, connection)
    return
  }
  channel.easiest = limitOf(update.maximumTarget)
  const declared = update.nominalHashRate
  const moved = declared > 0 && declared !== channel.nominalHashrate
  channel.nominalHashrate = declared
  const wanted = moved
    ? startDifficulty(state, declared, aimOf(state, channel, now))
    : (channel.wanted ?? channel.level).difficulty
  if (moved) channel.hashrate = declared
  const level = levelFor(state, channel.book, wanted, { easiest: channel.easiest, floor: moved ? 0 : wanted })
  if (moved) channel.wish = ungranted(channel.book, wanted)
  channel.requests ??= new RateCap(REQUESTS_PER_SECOND, now)
  if (channel.requests.take(REQUESTS_PER_SECOND, now)) changeLevel(state, channel, level, now)
  else {
    putOff(state, channel, level)
    chargeRefusal(state, connection)
  }
}

interface Admission extends Assignment {
  readonly level: Level
  readonly easiest: Level | undefined
  readonly lease: number
}

function admit(
  state: MinersState,
  connection: Connection,
  request: OpenRequest,
): Admission | Refusal | 'later' {
  const extended = request.type === 'OpenExtendedMiningChannel'
  const refused = refusedKind(state, connection, extended ? 'extended' : 'standard')
  if (refused !== undefined) return refused
  const rate = badHashrate(request.nominalHashRate)
  if (rate !== undefined) return { code: rate, detail: `nominal_hash_rate ${request.nominalHashRate}` }
  const target = unusableTarget(state, request.maxTarget)
  if (target !== undefined)
    return { code: target, detail: 'max_target is zero or harder than the network target' }

  const { settings } = state
  const room = Math.min(
    connection.capabilities.maxExtranonceSize,
    MAX_FULL_EXTRANONCE - leaseSize(settings.extranonce),
  )
  const asked = extended ? request.minExtranonceSize : 0
  if (asked > room) {
    return { code: 'min-extranonce-size-too-large', detail: `min_extranonce_size ${asked}, at most ${room}` }
  }
  const full = fullHouse(state, connection)
  if (full !== undefined) return { code: 'channel-capacity-exhausted', detail: full }
  const assigned = state.source.bookFor({
    session: connection.session,
    requestId: request.requestId,
    identity: request.userIdentity,
    nominalHashrate: request.nominalHashRate,
    minExtranonceSize: asked,
    maxExtranonceSize: room,
    leaseSize: leaseSize(settings.extranonce),
    requiresWorkSelection: connection.requiresWorkSelection,
    address: connection.address,
    isSolo: connection.isSolo,
    maxCoinbaseBytes: extended || connection.takesGroupJobs ? connection.maxCoinbaseBytes : undefined,
  })
  if (assigned === 'later' || 'code' in assigned) return assigned
  const { maxAccountsPerConnection: most = Number.POSITIVE_INFINITY } = settings
  if (!connection.names(assigned.user, most))
    return { code: 'channel-capacity-exhausted', detail: `${most} accounts on one connection` }
  const lease = connection.reserved ?? state.connected.leases.take(state.out.oldestLive)
  if (lease === undefined) throw new RangeError('a lease that was there is gone')
  connection.reserved = undefined
  const easiest = limitOf(request.maxTarget)
  const start = startDifficulty(state, request.nominalHashRate)
  // a set start holds however easy the network is; a device that says how fast it is finds its blocks itself
  const floor = request.nominalHashRate > 0 ? 0 : start
  const level = levelFor(state, assigned.book, start, { easiest, floor })
  return { ...assigned, level, easiest, lease }
}

/** Why there is no room for another channel; undefined when there is. */
function fullHouse(state: MinersState, connection: Connection): string | undefined {
  const { maxChannels, maxChannelsPerConnection } = state.settings
  const waiting = state.due.waiting.of(connection)
  if (waiting >= MAX_PER_CONNECTION) return `${waiting} requests wait on this connection`
  // what waits for work counts as well: the source may have begun to get it
  if (connection.channels.size + waiting >= maxChannelsPerConnection)
    return `${maxChannelsPerConnection} channels on one connection`
  const { maxChannelsPerAddress = Number.POSITIVE_INFINITY } = state.settings
  if (channelsOf(state, connection) + waiting >= maxChannelsPerAddress)
    return `${maxChannelsPerAddress} channels of one address`
  if (state.connected.channels.length + state.due.waiting.size >= maxChannels)
    return `${maxChannels} channels`
  if (connection.reserved !== undefined || state.connected.leases.has(state.out.oldestLive)) return undefined
  return 'no extranonce space is left'
}

function refusedKind(state: MinersState, connection: Connection, kind: Channel['kind']): Refusal | undefined {
  if (kind === 'extended') {
    if (!connection.requiresStandardJobs) return undefined
    return {
      code: 'extended-channels-not-supported-for-standard-jobs',
      detail: 'an extended channel on a connection with REQUIRES_STANDARD_JOBS',
    }
  }
  if (connection.requiresWorkSelection) {
    return {
      code: 'standard-channels-not-supported-for-custom-work',
      detail: 'a standard channel on a connection with REQUIRES_WORK_SELECTION',
    }
  }
  if (!state.settings.extendedChannelsOnly) return undefined
  return { code: 'standard-channels-not-supported', detail: 'this node opens extended channels only' }
}

function makeChannel(
  state: MinersState,
  connection: Connection,
  admission: Admission & { readonly request: OpenRequest },
  now: Millis,
): Channel {
  const { request, book, lease, extranonceSize, padding = 0 } = admission
  const extended = request.type === 'OpenExtendedMiningChannel'
  const group = groupOf(connection, book)
  const channel = new Channel(
    {
      id: connection.nextId(),
      session: connection.session,
      kind: extended ? 'extended' : 'standard',
      book,
      groupId: group.groupId,
      grouped: !extended || connection.capabilities.groupsExtendedChannels,
      lease,
      prefix: extranoncePrefix(state.settings.extranonce, lease, padding + (extended ? 0 : extranonceSize)),
      extranonceSize: extended ? extranonceSize : 0,
      versionMask: connection.fixedVersion ? 0 : connection.capabilities.versionRollingMask,
      level: admission.level,
      easiest: admission.easiest,
      nominalHashrate: request.nominalHashRate,
      user: admission.user,
      worker: admission.worker ?? '',
      slot: state.connected.channels.length,
    },
    now,
  )
  connection.channels.set(channel.id, channel)
  state.connected.channels.push(channel)
  countChannel(state, connection, 1)
  join(state, group, channel)
  return channel
}

function badHashrate(hashrate: number): 'invalid-nominal-hashrate' | undefined {
  return Number.isFinite(hashrate) && hashrate >= 0 ? undefined : 'invalid-nominal-hashrate'
}

/** A client that wants targets harder than the network's is better off elsewhere (POOL-17). */
function unusableTarget(state: MinersState, target: Uint8Array): 'max-target-out-of-range' | undefined {
  const impossible = impossibleTarget(target)
  if (impossible !== undefined) return impossible
  return exactLevel(target).difficulty > state.out.networkDifficulty ? 'max-target-out-of-range' : undefined
}

/** A target that no hash meets. */
function impossibleTarget(target: Uint8Array): 'max-target-out-of-range' | undefined {
  return target.every((byte) => byte === 0) ? 'max-target-out-of-range' : undefined
}

/** The client's limit as a level; none when it accepts the easiest there is. */
function limitOf(target: Uint8Array): Level | undefined {
  if (compareLe(target, MAX_TARGET) >= 0) return undefined
  return exactLevel(target.slice())
}
