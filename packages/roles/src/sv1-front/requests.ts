import { equalBytes, hex, targetToDifficulty } from '@sv2/bitcoin'
import {
  type Authorize,
  type Configure,
  configureResult,
  dialectOf,
  type GetTransactions,
  readPassword,
  type Subscribe,
  type Sv1ToServer,
  subscribeResult,
} from '@sv2/sv1'
import type { Millis } from '../ground/role.ts'
import { answer, end, type FrontState, refuse, tellMiner } from './front-state.ts'
import { readJobId } from './job-lines.ts'
import { retarget, showEarlyWork, wantWork } from './opening.ts'
import { submit } from './submit.ts'
import type { Subscription, Sv1Session } from './sv1-session.ts'
import { grant } from './version-mask.ts'
import { availableMask } from './version-rolling.ts'
import { admitWorker } from './worker-names.ts'

/** Bytes of a session id: too many for a stranger to guess one while it is remembered. */
const SESSION_ID_BYTES = 8
/** Characters of a method or a reason that are repeated to the miner that sent it. */
const ECHO_LENGTH = 40
/** Characters of what a miner calls itself that are told. */
const LONGEST_AGENT = 100

/** Takes one line of a miner's. Every request has one answer, and answers come in the order of the requests. */
export function takeLine(state: FrontState, session: Sv1Session, message: Sv1ToServer, now: Millis): void {
  if (message.type === 'mining.submit') return submit(state, session, message, now)
  const { maxRequestsPerSecond } = state.settings.front.limits
  if (!session.requestCap.take(maxRequestsPerSecond, now))
    return end(state, session, `more than ${maxRequestsPerSecond} requests a second`)
  switch (message.type) {
    case 'mining.configure':
      return configure(state, session, message, now)
    case 'mining.subscribe':
      return subscribe(state, session, message, now)
    case 'mining.authorize':
      return authorize(state, session, message, now)
    case 'mining.extranonce.subscribe':
      session.takesExtranonce = true
      return answer(state, session, message.id, true)
    case 'mining.suggest_difficulty':
      answer(state, session, message.id, true)
      return suggest(state, session, message.difficulty, now)
    case 'mining.suggest_target':
      answer(state, session, message.id, true)
      return suggest(state, session, difficultyOf(message.target), now)
    case 'mining.capabilities':
      answer(state, session, message.id, true)
      if (message.suggestedTarget !== undefined)
        suggest(state, session, difficultyOf(message.suggestedTarget), now)
      return
    case 'mining.get_transactions':
      return tellTransactions(state, session, message)
    case 'mining.get_txnhashes':
      return refuse(state, session, message.id, [
        20,
        'Hashes alone are not told: mining.get_transactions',
        null,
      ])
    case 'mining.ping':
      return answer(state, session, message.id, 'pong')
    case 'pong':
    case 'response':
      return
    case 'mining.set_goal':
      return refuse(state, session, message.id, [20, 'There is one goal here', null])
    case 'unknown':
      state.emit({ kind: 'v1LineRefused', session: session.session, reason: 'unknown method' })
      return refuse(state, session, message.id, [20, `Unknown method ${echo(message.method)}`, null])
    case 'malformed':
      return malformed(state, session, message)
  }
}

/** Shows what a job's block holds, once for each job: an answer may be as long as a block. */
function tellTransactions(state: FrontState, session: Sv1Session, message: GetTransactions): void {
  const { id } = message
  const jobId = message.jobId === undefined ? undefined : readJobId(message.jobId)
  const job = jobId === undefined ? undefined : session.channel?.live(jobId)
  if (job === undefined) return refuse(state, session, id, [21, 'Job not found', null])
  const transactions = state.core.transactionsOf?.(job)
  if (transactions === undefined)
    return refuse(state, session, id, [20, 'The transactions of this job are not known here', null])
  if (session.shownJob === job) return refuse(state, session, id, [20, 'Told before', null])
  session.shownJob = job
  answer(state, session, id, transactions.map(hex))
}

function configure(state: FrontState, session: Sv1Session, message: Configure, now: Millis): void {
  const { result, askedMask } = grant(message, availableMask(state) & session.coreMask)
  answer(state, session, message.id, configureResult(result))
  if (message.versionRolling !== undefined) {
    session.askedMask = askedMask
    session.toldMask = result.versionRolling === false ? 0 : (result.versionRolling?.mask ?? 0)
    if (session.subscription !== undefined) repeatMask(state, session)
  }
  if (result.subscribeExtranonce === true) session.takesExtranonce = true
  if (message.minimumDifficulty === undefined || message.minimumDifficulty === session.minDifficulty) return
  session.minDifficulty = message.minimumDifficulty
  if (session.channel !== undefined) retarget(state, session, session.channel.nominalHashrate, now)
}

/** Some firmware rolls only after it was sent the mask; never before `mining.subscribe` was answered. */
function repeatMask(state: FrontState, session: Sv1Session): void {
  if (!session.dialect.setVersionMaskAfterConfigure || session.askedMask === undefined) return
  tellMiner(state, session, { type: 'mining.set_version_mask', mask: session.toldMask })
}

function subscribe(state: FrontState, session: Sv1Session, message: Subscribe, now: Millis): void {
  const isFirst = session.subscription === undefined
  const subscription = session.subscription ?? enrol(state, session, message, now)
  if (subscription === undefined) {
    refuse(state, session, message.id, [20, 'No extranonce space is left', null])
    return end(state, session, 'no extranonce space is left')
  }
  session.subscription = subscription
  answer(state, session, message.id, subscribeResult(subscription))
  if (!isFirst) return
  repeatMask(state, session)
  if (session.dialect.earlyWork && session.workers.size === 0) showEarlyWork(state, session, now)
  wantWork(state, session, now)
}

/** Makes a session one of the core's connections, and promises it its part of the search space. */
function enrol(
  state: FrontState,
  session: Sv1Session,
  message: Subscribe,
  now: Millis,
): Subscription | undefined {
  const { core, former } = state
  const { userAgent = '', sessionId } = message
  session.dialect = dialectOf(userAgent)
  session.coreMask = availableMask(state)
  const capabilities = {
    versionRollingMask: session.coreMask,
    maxExtranonceSize: 8,
    takesGroupJobs: true,
    groupsExtendedChannels: true,
    extensions: false,
    jobDialogue: 'declare' as const,
  }
  core.miner({ kind: 'opened', session: session.session, port: { kind: 'v1' }, capabilities }, now)
  session.enrolled = true
  const before = sessionId === undefined ? undefined : former.take(sessionId, now)
  const extranonce1 = core.miners.reserve(session.session, before)
  if (extranonce1 === undefined) return undefined
  const resumed = before !== undefined && equalBytes(before.prefix, extranonce1)
  const { name: dialect } = session.dialect
  state.emit({
    kind: 'v1Subscribed',
    session: session.session,
    dialect,
    userAgent: userAgent.slice(0, LONGEST_AGENT),
    resumed,
  })
  return {
    sessionId: resumed && sessionId !== undefined ? sessionId : hex(state.randomBytes(SESSION_ID_BYTES)),
    extranonce1,
    extranonce2Size: resumed ? before.extranonceSize : state.rolled,
  }
}

function authorize(state: FrontState, session: Sv1Session, message: Authorize, now: Millis): void {
  const { id, user, password } = message
  if (session.workers.has(user)) return answer(state, session, id, true)
  const { payoutCheck: check, separators, limits } = state.settings.front
  const admitted =
    session.workers.size >= limits.maxWorkers
      ? { reason: 'too-many-workers' as const, text: `no more than ${limits.maxWorkers} workers here` }
      : admitWorker(user, { check, separators })
  if ('reason' in admitted) {
    const { reason, text } = admitted
    tellMiner(state, session, { type: 'response', id, result: false, error: [24, text, null] })
    if (session.dialect.showMessage) tellMiner(state, session, { type: 'client.show_message', text })
    state.emit({
      kind: 'workerRefused',
      session: session.session,
      reason,
      detail: `${user.slice(0, 80)}: ${text}`,
    })
    return
  }
  if (session.workers.size === 0) {
    session.identity = admitted.identity
    const { difficulty, minDifficulty } = readPassword(password)
    session.passwordDifficulty = difficulty
    session.minDifficulty = Math.max(session.minDifficulty, minDifficulty ?? 0)
  }
  session.workers.set(user, admitted.worker)
  answer(state, session, id, true)
  state.emit({ kind: 'workerAuthorized', session: session.session, user })
  wantWork(state, session, now)
}

/** Takes over a suggested difficulty. Some devices repeat the same suggestion for ever; only a changed value counts. */
function suggest(state: FrontState, session: Sv1Session, difficulty: number | undefined, now: Millis): void {
  if (difficulty === undefined || session.suggestedDifficulty === difficulty) return
  session.suggestedDifficulty = difficulty
  if (session.passwordDifficulty === undefined) retarget(state, session, undefined, now)
}

function difficultyOf(target: Uint8Array): number | undefined {
  const difficulty = target.some((byte) => byte !== 0) ? targetToDifficulty(target) : undefined
  return difficulty !== undefined && Number.isFinite(difficulty) && difficulty > 0 ? difficulty : undefined
}

function malformed(
  state: FrontState,
  session: Sv1Session,
  { id, method, reason }: Extract<Sv1ToServer, { type: 'malformed' }>,
): void {
  refuse(state, session, id, [20, `Malformed: ${reason}`, null])
  const fact =
    method === 'mining.submit'
      ? ({ kind: 'v1ShareRefused', session: session.session, code: 20, reason: 'malformed' } as const)
      : ({ kind: 'v1LineRefused', session: session.session, reason } as const)
  state.emit(fact)
}

/** What a peer named, short and printable. */
function echo(text: string): string {
  return text.slice(0, ECHO_LENGTH).replace(/[^\x20-\x7e]/g, '?')
}
