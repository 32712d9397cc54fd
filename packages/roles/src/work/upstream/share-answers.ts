import type { SentShare } from '../../client/sent-shares.ts'
import type { Emit, Millis } from '../../ground/role.ts'
import type { UpstreamWorkFact } from '../facts.ts'
import type { WorkChannel, WorkNews } from './work-channel.ts'
import type { Workload } from './workload.ts'

/** What workloads tell the node they belong to. */
export interface AllocationOwner {
  /** What an upstream said of a share: good without a code, `unanswered` when it went away. */
  answered(share: SentShare, errorCode: string | undefined, now: Millis): void
  /** The channels of a workload have to end. */
  closed(workload: Workload, reason: string): void
}

interface ShareAnswersDeps {
  readonly owner: AllocationOwner
  readonly emit: Emit<UpstreamWorkFact>
}

/** An upstream that leaves a share without an answer for this long is not worked with, ms. */
const ANSWER_MS = 60_000
/** Shares without an answer at one time; a real upstream batches a thousandth of that. */
const MAX_UNANSWERED = 100_000
/** Passes on what an upstream said of shares (PRX-23). */
export function tellAnswers(
  { owner, emit }: ShareAnswersDeps,
  { upstream }: WorkChannel,
  news: Extract<WorkNews, { kind: 'acknowledged' | 'refused' }>,
  now: Millis,
): void {
  if (news.kind === 'refused') {
    const { session, id: channelId } = news.share.channel
    emit({ kind: 'shareRefusedAbove', session, channelId, upstream, code: news.code })
    return owner.answered(news.share, news.code, now)
  }
  for (const share of news.shares) owner.answered(share, undefined, now)
  if (news.shares.length > 0) emit({ kind: 'sharesAcknowledgedAbove', upstream, count: news.shares.length })
}

/** The upstream will not answer the shares of a channel any more. */
export function tellUnanswered(
  { owner, emit }: ShareAnswersDeps,
  { upstream, sent }: WorkChannel,
  now: Millis,
): void {
  const shares = sent.takeAll()
  for (const share of shares) owner.answered(share, 'unanswered', now)
  if (shares.length > 0) emit({ kind: 'sharesUnanswered', upstream, count: shares.length })
}

/** Whether an upstream keeps silent about shares for longer than any batch takes. */
export function owesAnswers({ sent }: WorkChannel, now: Millis): boolean {
  return sent.oldest + ANSWER_MS <= now || sent.size > MAX_UNANSWERED
}
