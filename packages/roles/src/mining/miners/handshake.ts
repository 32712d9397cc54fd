import {
  answerRequestExtensions,
  type Message,
  MINING_SETUP_FLAGS,
  mayGoOn,
  type RequestExtensions,
} from '@sv2/messages'
import { answerMiner } from '../setup-answer.ts'
import type { Connection } from './connection.ts'
import { type MinersState, misbehaved, send } from './state.ts'

/** Takes a connection's first message. */
export function setUp(state: MinersState, connection: Connection, message: Message): void {
  const { session } = connection
  const terms = state.source.terms()
  const isWaiting = state.due.waiting.has(connection)
  if (message.type !== 'SetupConnection' && !isWaiting)
    return misbehaved(state, session, `${message.type} before SetupConnection`)
  // further messages of the client wait until it has its answer
  if (message.type !== 'SetupConnection' || terms === undefined || isWaiting) {
    if (!state.due.waiting.keep(connection, message)) misbehaved(state, session, 'too much before an answer')
    return
  }
  const fixedVersion = (connection.capabilities.versionRollingMask & ~terms.versionRollingMask) !== 0
  // standard channels are nothing for a client that brings its jobs (POOL-14)
  const extendedOnly =
    state.settings.extendedChannelsOnly || (message.flags & MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION) !== 0
  if (!answerMiner(session, message, { fixedVersion, extendedOnly }, state.emit)) return
  connection.flags = message.flags
  connection.toldFixedVersion = fixedVersion
}

/** Answers a RequestExtensions where the peer's protocol has that message (docs/wire.md §6.5). */
export function negotiateExtensions(
  state: MinersState,
  connection: Connection,
  request: RequestExtensions,
): void {
  if (!connection.capabilities.extensions) return
  const answer = answerRequestExtensions(request, state.settings.extensions)
  if (answer.type === 'RequestExtensions.Success') connection.extensions = answer.supportedExtensions
  send(state, connection.session, answer)
  if (answer.type === 'RequestExtensions.Success')
    state.source.agreed?.(connection.session, answer.supportedExtensions)
}

/** Whether a client lacks extensions that this node insists on; it is not served then (EXT-19). */
export function owesExtensions(state: MinersState, connection: Connection): boolean {
  const policy = state.settings.extensions
  if (!connection.capabilities.extensions || policy.required.size === 0) return false
  return !mayGoOn(policy, connection.extensions)
}
