import { hashToDifficulty } from '@sv2/bitcoin'
import type { Millis } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import type { GoodShare, JudgedShare, Share, ShareErrorCode } from '../channel/judge.ts'
import { type Accepted, PendingShares } from '../channel/pending-shares.ts'
import { RecentWorkers } from '../channel/recent-workers.ts'
import type { Connection } from './connection.ts'
import { adjustDifficulty, aimOf } from './difficulty-round.ts'
import type { Submit } from './early-shares.ts'
import { chargeRefusal } from './refusals.ts'
import { type MinersState, send } from './state.ts'

/** Refusals in a row before a connection that sends nothing else may be closed. */
const MANY_REFUSALS = 50

/**
 * Takes a share in: judged at once, or as soon as the tip is here that its job waits for (POOL-36). Answers why it is
 * refused; undefined when it is not, or not yet.
 */
export function submitShare(
  state: MinersState,
  connection: Connection,
  share: Share,
  now: Millis,
): ShareErrorCode | undefined {
  const channel = connection.channel(share.channelId)
  if (channel === undefined) return refuse(state, connection, { share, code: 'invalid-channel-id' }, now)
  if (
    channel.book.state(share.jobId) === 'future' &&
    state.due.early.keep({ connection, channel, share }, now)
  )
    return undefined
  return judgeShare(state, { connection, channel, share }, now)
}

/** Judges the early shares whose job has become active or dead, and those that waited long enough. */
export function judgeEarly(state: MinersState, now: Millis): void {
  for (const early of state.due.early.takeDecided(now)) {
    if (!early.channel.closed) judgeShare(state, early, now)
  }
}

/** Judges a share, answers it or lets the batch answer it, and passes a block on. */
function judgeShare(state: MinersState, submit: Submit, now: Millis): ShareErrorCode | undefined {
  const { connection, channel, share } = submit
  const verdict = state.judge.judge(channel, share, now)
  if (!verdict.accepted) return refuse(state, connection, { share, code: verdict.code }, now)

  const { difficulty } = verdict.level
  const credit = creditOf(verdict)
  if (credit > 0) {
    connection.refusedSince = undefined
    connection.refusals = 0
  }
  const outcome = state.source.accepted(channel, share, verdict)
  if (typeof outcome === 'object') {
    tellRefused(state, { channel, sequenceNumber: share.sequenceNumber }, outcome.code)
    return outcome.code
  }
  const worker = share.type === 'SubmitSharesExtended' ? share.userIdentity : undefined
  state.emit({
    kind: 'shareAccepted',
    session: channel.session,
    channelId: channel.id,
    user: channel.user,
    worker,
    difficulty: credit,
    hashDifficulty: hashToDifficulty(verdict.hash),
  })
  if (worker !== undefined) {
    channel.workers ??= new RecentWorkers()
    channel.workers.see(worker, now)
  }
  answer(state, { channel, share, good: verdict }, outcome, now)
  channel.vardiff.share(difficulty / channel.level.difficulty, aimOf(state, channel, now), now)
  adjustDifficulty(state, channel, now)
  return undefined
}

/** What a share is worth: less where others get part of the reward (POOL-57). */
function creditOf({ level, job }: GoodShare): number {
  return level.difficulty * (job.rewardShare ?? 1)
}

/** Answers a good share: now, or when it is decided. */
function answer(
  state: MinersState,
  { channel, share, good }: JudgedShare,
  outcome: 'credited' | 'pending' | 'queued',
  now: Millis,
): void {
  if (outcome === 'queued') return
  const { sequenceNumber } = share
  const difficulty = creditOf(good)
  if (outcome === 'pending') {
    channel.pending ??= new PendingShares()
    return channel.pending.add(sequenceNumber)
  }
  if (channel.pending?.follow(sequenceNumber, difficulty) === true) return
  acknowledge(state, channel, { count: 1, work: difficulty, last: sequenceNumber }, now)
}

/** A share that was `pending` or `queued`, and is worth what it was found good for. */
export interface DecidedShare {
  readonly channel: Channel
  readonly sequenceNumber: number
  readonly difficulty: number
}

/**
 * Tells a client what became of a share that was pending: acknowledged, or refused with the code of the party that
 * refused it.
 */
export function settleShare(
  state: MinersState,
  share: DecidedShare,
  errorCode: string | undefined,
  now: Millis,
): void {
  const { channel, sequenceNumber, difficulty } = share
  if (channel.closed) return
  const good = errorCode === undefined
  const accepted = channel.pending?.decide(sequenceNumber, good ? difficulty : undefined)
  if (!good) tellRefused(state, share, errorCode)
  if (accepted !== undefined) acknowledge(state, channel, accepted, now)
}

/** The same for a share that was `queued`: nothing before it is undecided. */
export function settleNext(
  state: MinersState,
  share: DecidedShare,
  errorCode: string | undefined,
  now: Millis,
): void {
  const { channel, sequenceNumber, difficulty } = share
  if (channel.closed) return
  if (errorCode !== undefined) return tellRefused(state, share, errorCode)
  acknowledge(state, channel, { count: 1, work: difficulty, last: sequenceNumber }, now)
}

function tellRefused(
  state: MinersState,
  { channel, sequenceNumber }: Pick<DecidedShare, 'channel' | 'sequenceNumber'>,
  errorCode: string,
): void {
  send(state, channel.session, {
    type: 'SubmitShares.Error',
    channelId: channel.id,
    sequenceNumber,
    errorCode,
  })
}

/** Sends the acknowledgements whose time has come. */
export function acknowledgeDue(state: MinersState, now: Millis): void {
  for (
    let channel = state.due.acks.takeDue(now);
    channel !== undefined;
    channel = state.due.acks.takeDue(now)
  ) {
    channel.ackQueued = false
    if (!channel.closed && channel.ackCount > 0) sendAck(state, channel)
  }
}

/** Sends what is still unacknowledged on a channel, before it is closed. */
export function flushAck(state: MinersState, channel: Channel): void {
  if (channel.ackCount > 0) sendAck(state, channel)
}

function acknowledge(
  state: MinersState,
  channel: Channel,
  { count, work, last }: Accepted,
  now: Millis,
): void {
  channel.ackCount += count
  channel.ackWork += work
  channel.ackSequence = last
  if (channel.ackCount >= state.settings.shareBatchSize) return sendAck(state, channel)
  if (channel.ackQueued) return
  channel.ackQueued = true
  state.due.acks.push(channel, now + state.settings.shareBatchMs)
}

function sendAck(state: MinersState, channel: Channel): void {
  const work = Math.floor(channel.ackWork)
  send(state, channel.session, {
    type: 'SubmitShares.Success',
    channelId: channel.id,
    lastSequenceNumber: channel.ackSequence,
    newSubmitsAcceptedCount: channel.ackCount,
    newSharesSum: BigInt(work),
  })
  channel.ackCount = 0
  channel.ackWork -= work
}

function refuse(
  state: MinersState,
  connection: Connection,
  refusal: { readonly share: Share; readonly code: ShareErrorCode },
  now: Millis,
): ShareErrorCode {
  const { share, code } = refusal
  send(state, connection.session, {
    type: 'SubmitShares.Error',
    channelId: share.channelId,
    sequenceNumber: share.sequenceNumber,
    errorCode: code,
  })
  state.emit({ kind: 'shareRefused', session: connection.session, channelId: share.channelId, code })
  chargeRefusal(state, connection)
  connection.refusals++
  connection.refusedSince ??= now
  const hasTried = now - connection.refusedSince >= state.settings.onlyRefusalsMs
  if (connection.refusals >= MANY_REFUSALS && hasTried)
    state.emit({ kind: 'close', session: connection.session, reason: 'nothing but refused shares' })
  return code
}
