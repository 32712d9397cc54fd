import type { Connection } from './connection.ts'
import { type MinersState, misbehaved } from './state.ts'

/** Refusals a second that each channel of an address adds to what is allowed: at a new tip many shares are late. */
const PER_CHANNEL = 0.5
/** However many channels, it is not more than so many times what is allowed without any. */
const MOST_TIMES = 50
/** An address that owes more seconds than this is beyond slowing down. */
const MAX_OWED_SECONDS = 60

/**
 * Something of a client was refused: its address has so many a second, over all its connections. Graded: first it is told
 * of, then nothing more is read until time has made up for it, and in the end the connection is closed. Addresses on the
 * allow list have no such limit.
 */
export function chargeRefusal(state: MinersState, connection: Connection): void {
  const { address, session } = connection
  const { maxRefusalsPerSecond: base } = state.settings
  if (address === undefined || base === undefined || connection.isCut) return
  const channels = state.connected.perAddress.get(address) ?? 0
  const perSecond = Math.min(base + channels * PER_CHANNEL, base * MOST_TIMES)
  const { seconds, isStrained } = state.connected.refusals.owe(address, perSecond, state.now)
  if (isStrained && !connection.isWarned) {
    connection.isWarned = true
    state.emit({ kind: 'manyRefusals', session, perSecond, grade: 'warned' })
  }
  if (seconds > MAX_OWED_SECONDS) {
    connection.isCut = true
    return misbehaved(state, session, `more than ${Math.round(perSecond)} refusals a second`)
  }
  // the rest of what was read at once comes all the same: the pause grows with it
  const until = state.now + seconds * 1000
  if (seconds === 0 || until < connection.pausedUntil + 1_000) return
  if (connection.pausedUntil < state.now)
    state.emit({ kind: 'manyRefusals', session, perSecond, grade: 'slowed' })
  connection.pausedUntil = until
  state.emit({ kind: 'pause', session, ms: Math.ceil(seconds * 1000) })
}
