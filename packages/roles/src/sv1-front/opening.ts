import type { Millis } from '../ground/role.ts'
import { setupRequest } from '../ground/setup.ts'
import { hashrateFor } from '../mining/channel/difficulty.ts'
import { type FrontState, tellMiner } from './front-state.ts'
import { firstDifficulty, targetLimit } from './start-difficulty.ts'
import type { Sv1Session } from './sv1-session.ts'

/** A channel of a session is the only one of its connection. */
const REQUEST_ID = 1

/** Starts a session's work as soon as it has subscribed and authorized, and does more than probe. */
export function wantWork(state: FrontState, session: Sv1Session, now: Millis): void {
  if (session.stage !== 'idle' || !session.isComplete) return
  const { work, front } = state.settings
  const isFree = work.aggregated && state.core.hasWork
  if (isFree || front.probeMs === 0) return introduce(state, session, now)
  session.stage = 'due'
  state.probing.push(session, now + front.probeMs)
}

/** Introduces a session to the core, which may wait for an upstream before it answers. */
export function introduce(state: FrontState, session: Sv1Session, now: Millis): void {
  session.stage = 'settingUp'
  const who = { vendor: 'v1', hardwareVersion: '', firmware: session.dialect.name, deviceId: '' }
  const message = setupRequest(who, { host: '', port: 0 }, { protocol: 0, flags: 0 })
  state.core.miner({ kind: 'message', session: session.session, message }, now)
}

/** Asks the core for a session's channel. */
export function askForChannel(state: FrontState, session: Sv1Session, now: Millis): void {
  session.stage = 'opening'
  const { work, front } = state.settings
  const difficulty = firstDifficulty(session, front)
  const message = {
    type: 'OpenExtendedMiningChannel',
    requestId: REQUEST_ID,
    userIdentity: session.identity,
    nominalHashRate: hashrateFor(difficulty, work.miners.sharesPerMinute),
    maxTarget: targetLimit(session, front),
    minExtranonceSize: work.rolled.least,
  } as const
  state.core.miner({ kind: 'message', session: session.session, message }, now)
}

/** Lets a session's difficulty start anew: from a hash rate, or from what is known of the miner now. */
export function retarget(
  state: FrontState,
  session: Sv1Session,
  hashrate: number | undefined,
  now: Millis,
): void {
  const { channel } = session
  if (session.stage !== 'mining' || channel === undefined) return
  const { work, front } = state.settings
  const message = {
    type: 'UpdateChannel',
    channelId: channel.id,
    nominalHashRate: hashrate ?? hashrateFor(firstDifficulty(session, front), work.miners.sharesPerMinute),
    maximumTarget: targetLimit(session, front),
  } as const
  state.core.miner({ kind: 'message', session: session.session, message }, now)
}

/** Shows the present job to a miner that wants to see one before it authorizes; this needs no channel. */
export function showEarlyWork(state: FrontState, session: Sv1Session, now: Millis): void {
  const { settings, book, lines } = state
  const job = settings.work.aggregated ? book?.active : undefined
  if (job?.tip === undefined) return
  const difficulty = firstDifficulty(session, settings.front)
  session.toldDifficulty = difficulty
  tellMiner(state, session, { type: 'mining.set_difficulty', difficulty })
  tellMiner(state, session, lines.line(job, job.tip, { cleanJobs: true, mask: session.toldMask, now }))
}
