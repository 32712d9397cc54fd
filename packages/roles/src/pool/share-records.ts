import { readHeightPush } from '@sv2/bitcoin'
import type { NewTemplate } from '@sv2/messages'
import type { Emit, Millis } from '../ground/role.ts'
import type { Channel } from '../mining/channel/channel.ts'
import type { Tip } from '../mining/channel/job.ts'
import type { GoodShare, Share } from '../mining/channel/judge.ts'
import type { DecidedShare } from '../mining/miners/shares.ts'
import type { ShareOutcome } from '../mining/miners/work-source.ts'
import { provenShare, type RecordEffect, type RecordEvent } from './records.ts'
import { UnrecordedShares } from './unrecorded-shares.ts'

/** Why a good share is refused that the disk did not take. */
const NOT_RECORDED = 'not-recorded'

export interface ShareRecordsDeps {
  readonly emit: Emit<RecordEffect>
  /** Acknowledges a share, or refuses it with a code. */
  settle(share: DecidedShare, code: string | undefined, now: Millis): void
}

/**
 * Sees to it that a share is on disk before it is acknowledged. Where the disk refuses, or does not keep up, shares are
 * refused. Without a journal every share is acknowledged at once.
 */
export class ShareRecords {
  readonly #most: number | undefined
  readonly #deps: ShareRecordsDeps
  readonly #waiting = new UnrecordedShares()
  #isRefused = false

  /** @param most shares that may wait for the disk at one time; undefined: there is no journal */
  constructor(most: number | undefined, deps: ShareRecordsDeps) {
    this.#most = most
    this.#deps = deps
  }

  /** A share that was found good. */
  share(channel: Channel, share: Share, good: GoodShare): ShareOutcome {
    if (this.#most === undefined) return 'credited'
    const { difficulty } = good.level
    const isRecord = difficulty > 0
    // a block that earns no share: its acknowledgement speaks for the shares before it, so it waits for them
    if (!isRecord && this.#waiting.size === 0) return 'credited'
    if (this.#isRefused || this.#waiting.size >= this.#most) return { code: NOT_RECORDED }
    if (isRecord) this.#deps.emit({ kind: 'recordShare', share: provenShare(channel, share, good) })
    this.#waiting.add({
      channel,
      sequenceNumber: share.sequenceNumber,
      difficulty: difficulty * (good.job.rewardShare ?? 1),
      isRecord,
    })
    return 'queued'
  }

  block(channel: Channel, share: Share, good: GoodShare): void {
    if (this.#most === undefined) return
    this.#deps.emit({ kind: 'recordBlock', share: provenShare(channel, share, good), hash: good.hash })
  }

  tip(tip: Tip, { coinbasePrefix }: NewTemplate): void {
    if (this.#most === undefined) return
    this.#deps.emit({ kind: 'recordTip', tip, height: readHeightPush(coinbasePrefix) ?? 0 })
  }

  handle(event: RecordEvent, now: Millis): void {
    if (event.kind === 'recordingResumed') this.#isRefused = false
    else if (event.kind === 'recorded') this.#settle(event.shares, undefined, now)
    else {
      this.#isRefused = true
      this.#settle(Number.POSITIVE_INFINITY, NOT_RECORDED, now)
    }
  }

  #settle(records: number, code: typeof NOT_RECORDED | undefined, now: Millis): void {
    let left = records
    for (let next = this.#waiting.isRecordNext; next !== undefined; next = this.#waiting.isRecordNext) {
      if (next && left === 0) return
      if (next) left--
      this.#deps.settle(this.#waiting.shift()!, next ? code : undefined, now)
    }
  }
}
