import { equalBytes } from '@sv2/bitcoin'
import { type Message, MINING_SUCCESS_FLAGS, type OpenExtendedMiningChannelSuccess } from '@sv2/messages'
import type { Notify } from '@sv2/sv1'
import type { Millis, SessionId } from '../ground/role.ts'
import type { Job } from '../mining/channel/job.ts'
import { end, type FrontState, tellMiner } from './front-state.ts'
import { sizeOf } from './job-lines.ts'
import { askForChannel } from './opening.ts'
import { toldDifficulty } from './start-difficulty.ts'
import type { Sv1Session } from './sv1-session.ts'
import { tellMask } from './version-rolling.ts'

/** A difficulty is followed by a job it holds for within this time, ms. */
export const OWED_JOB_MS = 1_000
/** Shares below a difficulty that was told so long ago are no shares that were on their way, ms. */
const DEAF_MS = 5_000
/** A miner that has found nothing for so long was given too hard a difficulty, ms. */
export const SILENT_MS = 10_000

/** Says in V1 what the core says to one session. */
export function toMiner(state: FrontState, session: Sv1Session, message: Message, now: Millis): void {
  if (session.stage === 'ended') return
  switch (message.type) {
    case 'SetupConnection.Success':
      if ((message.flags & MINING_SUCCESS_FLAGS.REQUIRES_FIXED_VERSION) !== 0) session.coreMask = 0
      tellMask(state, session)
      return askForChannel(state, session, now)
    case 'SetupConnection.Error':
      return end(state, session, `setup refused: ${message.errorCode}`)
    case 'OpenExtendedMiningChannel.Success':
      return opened(state, session, message, now)
    case 'OpenMiningChannel.Error':
      return denied(state, session, message.errorCode, now)
    case 'SetTarget':
      return tellDifficulty(state, session, message.maximumTarget, now)
    case 'NewExtendedMiningJob':
    case 'SetNewPrevHash':
      return toMiners(state, [session], message, now)
    case 'SetExtranoncePrefix':
      return changeExtranonce(state, session, message.extranoncePrefix)
    case 'CloseChannel':
      return end(state, session, `channel closed: ${message.reasonCode}`)
    case 'Reconnect':
      return tellMiner(state, session, {
        type: 'client.reconnect',
        ...(message.newHost !== '' &&
          message.newPort !== 0 && { host: message.newHost, port: message.newPort }),
      })
    default:
      return
  }
}

/** Says in V1 what the core says to many sessions at once: jobs. A line is made once for all of them. */
export function toMiners(
  state: FrontState,
  sessions: readonly Sv1Session[],
  message: Extract<Message, { type: 'NewExtendedMiningJob' | 'SetNewPrevHash' }>,
  now: Millis,
): void {
  // a future job is sent when its tip comes
  if (message.type === 'NewExtendedMiningJob' && message.minNtime === undefined) return
  const job = jobOf(sessions, message.jobId)
  if (job?.tip === undefined) return
  const isTip = message.type === 'SetNewPrevHash'
  const rolling =
    message.type === 'NewExtendedMiningJob' ? message.versionRollingAllowed : job.versionRollingAllowed
  const { tip } = job
  const audiences = new Map<number, { readonly line: Notify; readonly sessions: SessionId[] }>()
  for (const session of sessions) {
    if (session.stage !== 'mining' || !fits(state, session, job)) continue
    if (session.jobAllowsRolling !== rolling) {
      session.jobAllowsRolling = rolling
      tellMask(state, session)
    }
    session.owesJob = false
    session.lastJob = now
    // a tip that is told again, with the time of a later job, leaves the work of before as good as it was
    const isOver =
      isTip && (session.job === undefined || session.channel?.live(session.job.jobId) !== session.job)
    const cleanJobs = isOver || session.cleanNext
    session.job = job
    session.cleanNext = false
    const mask = session.toldMask
    const key = 2 * mask + Number(cleanJobs)
    const audience = audiences.get(key)
    if (audience !== undefined) audience.sessions.push(session.session)
    else {
      const line = state.lines.line(job, tip, { cleanJobs, mask, now })
      audiences.set(key, { line, sessions: [session.session] })
    }
  }
  for (const { line, sessions: to } of audiences.values())
    state.emit({ kind: 'send', to: to.length === 1 ? to[0]! : to, message: line })
}

/** The job they are all told of: one of them may have been moved to other work meanwhile. */
function jobOf(sessions: readonly Sv1Session[], jobId: number): Job | undefined {
  for (const { channel } of sessions) {
    const job = channel?.live(jobId)
    if (job !== undefined) return job
  }
  return undefined
}

function opened(
  state: FrontState,
  session: Sv1Session,
  message: OpenExtendedMiningChannelSuccess,
  now: Millis,
): void {
  const channel = state.core.miners.channel(session.session, message.channelId)
  const { subscription } = session
  if (channel === undefined || subscription === undefined) return
  session.channel = channel
  session.stage = 'mining'
  state.book = channel.book
  state.rolled = message.extranonceSize
  state.silent.push(session, now + SILENT_MS)
  const isAsTold =
    subscription.extranonce2Size === message.extranonceSize &&
    equalBytes(subscription.extranonce1, message.extranoncePrefix)
  subscription.extranonce2Size = message.extranonceSize
  if (!isAsTold) changeExtranonce(state, session, message.extranoncePrefix)
  tellDifficulty(state, session, message.target, now)
}

function denied(state: FrontState, session: Sv1Session, code: string, now: Millis): void {
  if (code === 'max-target-out-of-range' && !session.unlimited) {
    // the whole network is easier than what this kind of miner can do with
    session.unlimited = true
    return askForChannel(state, session, now)
  }
  const text = `no work here: ${code}`
  if (session.dialect.showMessage) tellMiner(state, session, { type: 'client.show_message', text })
  end(state, session, text)
}

function tellDifficulty(state: FrontState, session: Sv1Session, target: Uint8Array, now: Millis): void {
  const difficulty = toldDifficulty(target)
  if (difficulty === session.toldDifficulty) return
  if (session.toldDifficulty === undefined || difficulty > session.toldDifficulty) session.raisedAt = now
  session.toldDifficulty = difficulty
  // who floods us in spite of a higher difficulty may be waiting for a clean job to apply it
  const { maxSharesPerSecond } = state.settings.front.limits
  const isFlooding = session.shareCap.isStrained(maxSharesPerSecond)
  session.cleanNext = isFlooding || session.dialect.cleanJobsOnDifficultyChange
  tellMiner(state, session, { type: 'mining.set_difficulty', difficulty })
  oweJob(state, session, now + OWED_JOB_MS)
}

/**
 * Of an unknown device, shares below a difficulty it was told a while ago mean that it may be waiting for a clean
 * job: it is sent one, once for each difficulty. To us the former job stays as good as it was.
 */
export function rouse(state: FrontState, session: Sv1Session, now: Millis): void {
  const { dialect, raisedAt, rousedFor, toldDifficulty } = session
  if (dialect.name !== 'unknown' || rousedFor === toldDifficulty) return
  if (raisedAt === undefined || now < raisedAt + DEAF_MS) return
  session.rousedFor = toldDifficulty
  session.cleanNext = true
  oweJob(state, session, now)
}

function oweJob(state: FrontState, session: Sv1Session, due: Millis): void {
  if (session.owesJob) return
  session.owesJob = true
  state.owed.push(session, due)
}

/** The part of the search space changes under a miner: it is told, or sent to subscribe again. */
function changeExtranonce(state: FrontState, session: Sv1Session, extranonce1: Uint8Array): void {
  const { subscription } = session
  if (subscription === undefined) return
  subscription.extranonce1 = extranonce1
  if (session.takesExtranonce) {
    const { extranonce2Size } = subscription
    return tellMiner(state, session, { type: 'mining.set_extranonce', extranonce1, extranonce2Size })
  }
  // a miner that obeys reconnects at once; for the others we close the connection
  tellMiner(state, session, { type: 'client.reconnect' })
  end(state, session, 'the extranonce has changed, and the miner does not take that')
}

/** Whether a device can take a job; work that it is known to choke on is not sent. */
function fits(state: FrontState, session: Sv1Session, job: Job): boolean {
  const { dialect, subscription } = session
  const extranonceBytes = (subscription?.extranonce1.length ?? 0) + (subscription?.extranonce2Size ?? 0)
  const size = sizeOf(job, extranonceBytes)
  const { maxCoinbaseBytes, maxLineBytes } = dialect
  if (size.coinbase <= maxCoinbaseBytes && size.line <= maxLineBytes) {
    session.outgrown = false
    return true
  }
  const what = size.coinbase > maxCoinbaseBytes ? 'coinbase' : 'line'
  if (!session.outgrown) {
    state.emit({
      kind: 'workTooLarge',
      session: session.session,
      dialect: dialect.name,
      what,
      bytes: size[what],
      limit: what === 'coinbase' ? maxCoinbaseBytes : maxLineBytes,
    })
  }
  session.outgrown = true
  // where nothing is known of the device, the limit is a guess
  return dialect.name === 'unknown'
}
