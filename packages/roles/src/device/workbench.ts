import type { Sha256d } from '@sv2/bitcoin'
import type { SubmitSharesExtended, SubmitSharesStandard } from '@sv2/messages'
import type { Millis } from '../ground/role.ts'
import type { DeviceChannel } from './channel.ts'
import type { Start } from './channel-jobs.ts'
import { type FoundShare, shareFault } from './found-share.ts'
import { type Work, workOfJob } from './work.ts'

/** What becomes of a share that the hashing threads found. */
export type Outcome =
  | { readonly kind: 'submit'; readonly message: SubmitSharesStandard | SubmitSharesExtended }
  | { readonly kind: 'drop'; readonly jobId: number; readonly reason: string }

/** The one work at hand, and the shares found for it. */
export class Workbench {
  readonly #sha256d: Sha256d
  #current: { readonly work: Work; readonly jobId: number } | undefined
  #workId = 0
  #sequenceNumber = 0

  constructor(sha256d: Sha256d) {
    this.#sha256d = sha256d
  }

  /** Whether there is a work at hand. */
  get isBusy(): boolean {
    return this.#current !== undefined
  }

  /** Takes up a job; shares of what was at hand before are void. */
  start(
    channel: DeviceChannel,
    start: Start,
    { versionMask, now }: { readonly versionMask: number; readonly now: Millis },
  ): Work {
    const { job, tip, ntime } = start
    this.#workId++
    const work: Work = {
      workId: this.#workId,
      version: job.message.version,
      versionMask,
      prevHash: tip.prevHash,
      nbits: tip.nbits,
      ntime,
      startedAt: now,
      target: channel.target,
      ...workOfJob(job, channel.extranonceSize, this.#sha256d),
    }
    this.#current = { work, jobId: job.message.jobId }
    return work
  }

  /** Puts the work away. Answers whether there was any. */
  stop(): boolean {
    const wasBusy = this.#current !== undefined
    this.#current = undefined
    return wasBusy
  }

  /** Only shares of the present work, and only good ones, are submitted (DEV-10, DEV-19); undefined: an old one. */
  take(channel: DeviceChannel, found: FoundShare, now: Millis): Outcome | undefined {
    if (this.#current === undefined || found.workId !== this.#current.work.workId) return undefined
    const { work, jobId } = this.#current
    const fault = shareFault(work, found, { now, sha256d: this.#sha256d })
    if (fault !== undefined) return { kind: 'drop', jobId, reason: fault }
    this.#sequenceNumber = (this.#sequenceNumber + 1) >>> 0
    const share = {
      channelId: channel.channelId,
      sequenceNumber: this.#sequenceNumber,
      jobId,
      nonce: found.nonce,
      ntime: found.ntime,
      version: found.version,
    }
    if (channel.kind === 'standard')
      return { kind: 'submit', message: { type: 'SubmitSharesStandard', ...share } }
    const { extranonce } = found
    return { kind: 'submit', message: { type: 'SubmitSharesExtended', ...share, extranonce } }
  }
}
