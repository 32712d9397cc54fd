import { type SentShare, sentShare } from '../../client/sent-shares.ts'
import type { ChannelNews, UpstreamChannel } from '../../client/upstream-channel.ts'
import { type Emit, type Millis, NEVER } from '../../ground/role.ts'
import type { JudgedShare } from '../../mining/channel/judge.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import type { ShareOutcome } from '../../mining/miners/work-source.ts'
import { ShareTallies } from '../../work/upstream/share-tally.ts'
import type { JobClientFact } from './facts.ts'
import type { PaidWork, PoolWork } from './own-work.ts'
import type { Pair } from './pair.ts'
import type { Pairs } from './pairs.ts'
import type { WorkOrigin } from './workshop.ts'

/** Shares that may wait for one job to be acknowledged. */
const MAX_WAITING = 10_000
/** A pool that leaves a share without an answer for this long is left, ms. */
const ANSWER_MS = 60_000
/** What a miner is told of a share whose pool never agreed to its job, or went away. */
const UNPAID = 'stale-share'

/** What shares are sent and answered by, and when a pool that refuses them is left. */
export interface PoolSharesDeps {
  readonly miners: Miners
  readonly pairs: Pairs
  readonly emit: Emit<JobClientFact>
  /** Valid shares in a row that a pool may refuse. */
  readonly refusedShares: number
  /** As long, a pool may refuse because it sees another tip. */
  readonly raceMs: number
}

/** Shares of work that a pool pays for: they wait for the pool's number of their job, go up, and are answered. */
export class PoolShares {
  readonly tallies = new ShareTallies()
  readonly #deps: PoolSharesDeps

  constructor(deps: PoolSharesDeps) {
    this.#deps = deps
  }

  /** Takes a good share of a job for a pool; answers who acknowledges it. */
  accepted(
    judged: JudgedShare,
    { work, spare }: WorkOrigin & { readonly work: PaidWork },
    now: Millis,
  ): ShareOutcome {
    const { hash, isBlock } = judged.good
    if (!isBlock && !pays(work, hash)) return 'credited'
    if (work.stage === 'over' || work.channel.isClosed || work.waiting.length >= MAX_WAITING)
      return { code: UNPAID }
    const sent = sentShare(judged, now)
    if (work.jobId === undefined) work.waiting.push({ share: sent, spare, hash })
    else this.#send(work, { share: sent, spare })
    return 'pending'
  }

  /** The pool has a number for the work: what waited goes up under it (JDC-05, DEV-27, DEV-29). */
  release(work: PoolWork, now: Millis): void {
    for (const { share, spare, hash } of work.waiting.splice(0)) {
      // the target may have become harder before the pool took the job
      if (pays(work, hash)) this.#send(work, { share: { ...share, since: now }, spare })
      else this.#deps.miners.settle(share, undefined, now)
    }
  }

  /** The pool will never agree to the work. */
  drop(pair: Pair, work: PoolWork, now: Millis): void {
    const dropped = work.waiting.splice(0)
    for (const { share } of dropped) this.#deps.miners.settle(share, UNPAID, now)
    if (dropped.length > 0)
      this.#deps.emit({ kind: 'sharesDropped', place: pair.place, count: dropped.length })
  }

  /** The connection of a channel is gone, and nothing on it is answered any more. */
  unanswered(pair: Pair, channel: UpstreamChannel | undefined, now: Millis): void {
    const shares = channel?.sent.takeAll() ?? []
    for (const share of shares) {
      this.tallies.of(share.channel).unanswered++
      this.#deps.miners.settle(share, UNPAID, now)
    }
    if (shares.length > 0)
      this.#deps.emit({ kind: 'sharesUnanswered', upstream: pair.place, count: shares.length })
  }

  /** What the pool says of shares. */
  answered(pair: Pair, news: Extract<ChannelNews, { kind: 'acknowledged' | 'refused' }>, now: Millis): void {
    const { miners, emit } = this.#deps
    if (news.kind === 'refused') return this.#refused(pair, news, now)
    for (const share of news.shares) {
      this.tallies.of(share.channel).acknowledged++
      miners.settle(share, undefined, now)
    }
    if (news.shares.length === 0) return
    pair.refused = { count: 0, since: NEVER, isConfirmed: false }
    emit({ kind: 'sharesAcknowledgedAbove', upstream: pair.place, count: news.shares.length })
  }

  /** It pays for a job on the tip of which it refused shares: it sees that tip, and refuses for another reason. */
  confirmed(pair: Pair): void {
    if (pair.refused.count > 0) pair.refused.isConfirmed = true
  }

  /** Our tip is another: what was refused before may have been refused for that. */
  tipChanged(pair: Pair): void {
    pair.refused = { count: 0, since: NEVER, isConfirmed: false }
  }

  /** Once a second: a pool that keeps silent about shares is left. */
  watch(pair: Pair, now: Millis): void {
    const isSilent = [pair.channel, pair.offers.channel].some(
      (channel) => channel !== undefined && channel.sent.oldest + ANSWER_MS <= now,
    )
    if (isSilent) this.#deps.pairs.fail(pair, 'unanswered', 'does not answer shares', now)
  }

  #send(work: PaidWork, { share, spare }: { readonly share: SentShare; readonly spare: Uint8Array }): void {
    if (work.jobId === undefined) return
    work.channel.submit(share, { jobId: work.jobId, spare })
    this.tallies.of(share.channel).sent++
    const { session, id: channelId } = share.channel
    // blocks are a fact of their own
    this.#deps.emit({
      kind: 'shareSent',
      session,
      channelId,
      upstream: work.channel.upstream,
      isBlock: false,
    })
  }

  #refused(pair: Pair, { share, code }: Extract<ChannelNews, { kind: 'refused' }>, now: Millis): void {
    const { miners, pairs, emit, refusedShares, raceMs } = this.#deps
    const { session, id: channelId } = share.channel
    this.tallies.of(share.channel).refused++
    emit({ kind: 'shareRefusedAbove', session, channelId, upstream: pair.place, code })
    miners.settle(share, code, now)
    // of a job on a tip that the pool has left behind us: our own node lags, and that is not the pool's fault
    if (pair.isAhead) return
    // only jobs that miners still work on by all we know: the pool is not to blame for a late share of the tip before
    if (share.channel.live(share.job.jobId) === undefined) return
    const { refused } = pair
    refused.count++
    refused.since = Math.min(refused.since, now)
    if (refused.count < refusedShares) return
    if (!refused.isConfirmed && now < refused.since + raceMs) return
    pairs.fail(pair, 'sharesRefused', `it refused ${refused.count} valid shares in a row: ${code}`, now)
  }
}

/** Whether the pool pays for a hash: by the level at which it took the job, or that of now while it has not. */
function pays({ channel, jobId, agreedAt }: PaidWork, hash: Uint8Array): boolean {
  return jobId === undefined ? channel.paysNow(hash) : channel.pays(agreedAt, hash)
}
