import { unhex } from '@sv2/bitcoin'
import type { RequestId, Submit } from '@sv2/sv1'
import type { Millis } from '../ground/role.ts'
import type { V1ShareRefusal } from './facts.ts'
import { answer, end, type FrontState, refuse } from './front-state.ts'
import { readJobId, shownVersion } from './job-lines.ts'
import { SHARE_ANSWERS } from './share-answer.ts'
import type { Sv1Session } from './sv1-session.ts'
import { rouse } from './to-miner.ts'

/** For so long after its difficulty was raised, a miner may still send shares of the one before, or be raised again, ms. */
const SETTLING_MS = 10_000

/** Has the core judge a share; its verdict is the answer. */
export function submit(state: FrontState, session: Sv1Session, message: Submit, now: Millis): void {
  const { maxSharesPerSecond } = state.settings.front.limits
  const { channel, raisedAt } = session
  const { id } = message
  if (!session.shareCap.take(maxSharesPerSecond, now)) {
    // a miner much faster than its door expects is slowed down by its difficulty first; junk does not raise the
    // difficulty
    if (channel !== undefined && raisedAt !== undefined && now < raisedAt + SETTLING_MS)
      return refuseShare(state, session, id, 'too-many-shares')
    return end(state, session, `more than ${maxSharesPerSecond} shares a second`)
  }
  if (session.subscription === undefined) return refuseShare(state, session, id, 'not-subscribed')
  if (!session.workers.has(message.worker)) return refuseShare(state, session, id, 'unauthorized-worker')
  const jobId = readJobId(message.jobId)
  // a job that waits for its tip was never sent to a V1 miner
  if (channel === undefined || jobId === undefined || channel.book.state(jobId) === 'future')
    return refuseShare(state, session, id, 'invalid-job-id')
  const { versionBits = 0 } = message
  const job = channel.live(jobId)
  const mask = job === undefined ? session.toldMask : session.maskOf(job)
  if ((versionBits & ~mask) !== 0) return refuseShare(state, session, id, 'version-bits-outside-mask')
  const worker = session.workers.get(message.worker)
  session.sequenceNumber = (session.sequenceNumber + 1) >>> 0
  const share = {
    type: 'SubmitSharesExtended',
    channelId: channel.id,
    sequenceNumber: session.sequenceNumber,
    jobId,
    nonce: message.nonce,
    ntime: message.ntime,
    version: (shownVersion(job?.version ?? 0, mask) | versionBits) >>> 0,
    extranonce: unhex(message.extranonce2),
    ...(worker !== undefined && { userIdentity: worker }),
  } as const
  const refusal = state.core.submit(session.session, share, now)
  if (refusal === 'difficulty-too-low') rouse(state, session, now)
  if (refusal !== undefined) return refuseShare(state, session, id, refusal)
  session.shares++
  answer(state, session, id, true)
}

function refuseShare(state: FrontState, session: Sv1Session, id: RequestId, reason: V1ShareRefusal): void {
  const { code, error } = SHARE_ANSWERS[reason]
  refuse(state, session, id, error)
  state.emit({ kind: 'v1ShareRefused', session: session.session, code, reason })
}
