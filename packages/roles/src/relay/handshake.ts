import {
  answerRequestExtensions,
  type Message,
  MINING_SETUP_FLAGS,
  MINING_SUCCESS_FLAGS,
  type RequestExtensions,
} from '@sv2/messages'
import { owned } from '../ground/owned.ts'
import { answerMiner } from '../mining/setup-answer.ts'
import { leastLoadedSlot } from './hashrate-share.ts'
import type { RelayedClient, RelaySlot, UpstreamSession } from './parties.ts'
import { clientMisbehaved, type RelayState, tellClient } from './state.ts'

/** Messages a client may send before its SetupConnection is answered. */
const MAX_EARLY = 1_024

/**
 * Takes what a client says before it is set up; that is answered as soon as there is an upstream whose terms hold for
 * it, and further messages of the client wait behind it.
 */
export function setUpClient(state: RelayState, client: RelayedClient, message: Message): void {
  if (client.setup !== undefined) {
    if (client.early.length >= MAX_EARLY)
      return clientMisbehaved(state, client.session, 'too much before an answer')
    client.early.push(owned(message))
    return
  }
  if (message.type !== 'SetupConnection')
    return clientMisbehaved(state, client.session, `${message.type} before SetupConnection`)
  const bringsWork = (message.flags & MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION) !== 0
  const slot = leastLoadedSlot(bringsWork ? state.slots.workSelection : state.slots.plain)
  if (slot === undefined) throw new RangeError('a relay without upstreams')
  client.setup = owned(message)
  client.slot = slot
  slot.clients.add(client)
  slot.timers.stop('letGo')
  if (slot.upstreamSession === undefined) state.unsettled = true
  else answer(state, client, slot.upstreamSession)
}

/** Answers the clients of a slot that waited for its upstream. */
export function answerWaiting(state: RelayState, slot: RelaySlot, upstreamSession: UpstreamSession): void {
  for (const client of slot.clients) if (client.setup !== undefined) answer(state, client, upstreamSession)
}

function answer(state: RelayState, client: RelayedClient, upstreamSession: UpstreamSession): void {
  const { setup, session } = client
  if (setup === undefined) return
  client.setup = undefined
  const fixedVersion = forbidsRolling(upstreamSession, client)
  const bringsWork = (setup.flags & MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION) !== 0
  const extendedOnly =
    bringsWork || (upstreamSession.link.flags & MINING_SUCCESS_FLAGS.REQUIRES_EXTENDED_CHANNELS) !== 0
  if (!answerMiner(session, setup, { fixedVersion, extendedOnly }, state.emit)) return
  client.flags = setup.flags
  client.fixedVersion = fixedVersion
  if (client.early.length > 0) state.answered.push(client)
}

/** A client as it is may not work at an upstream: it would roll versions that are refused there. */
export function forbidsRolling(upstreamSession: UpstreamSession, client: RelayedClient): boolean {
  const { flags, capabilities } = upstreamSession.link
  const lacking = client.capabilities.versionRollingMask & ~capabilities.versionRollingMask
  return (flags & MINING_SUCCESS_FLAGS.REQUIRES_FIXED_VERSION) !== 0 || lacking !== 0
}

/**
 * Makes a client that was set up before fit for another upstream. Where that one forbids version rolling, jobs can
 * say so on extended channels alone; any other client has to come again, and be told at setup.
 */
export function suitsUpstream(
  state: RelayState,
  client: RelayedClient,
  upstreamSession: UpstreamSession,
): boolean {
  if (client.flags === undefined || client.fixedVersion || !forbidsRolling(upstreamSession, client))
    return true
  const canBeTold =
    (client.flags & MINING_SETUP_FLAGS.REQUIRES_VERSION_ROLLING) === 0 &&
    client.channels.size > 0 &&
    [...client.channels.values()].every(({ kind }) => kind === 'extended')
  if (canBeTold) {
    client.fixedVersion = true
    client.extendedOnly = true
    return true
  }
  const reason = 'the new upstream forbids version rolling'
  state.emit({ kind: 'close', session: client.session, reason })
  return false
}

/** Answers a RequestExtensions where the client's protocol has that message (docs/wire.md §6.5). */
export function answerExtensions(state: RelayState, client: RelayedClient, request: RequestExtensions): void {
  if (!client.capabilities.extensions) return
  const link = client.slot?.upstreamSession?.link
  const supported = state.settings.extensions.filter((extension) => link?.has(extension) === true)
  const reply = answerRequestExtensions(request, { supported: new Set(supported), required: new Set() })
  tellClient(state, client.session, reply)
}
