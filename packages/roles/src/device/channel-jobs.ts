import type { SetNewPrevHash } from '@sv2/messages'
import type { DeviceJob } from './work.ts'

/** Future jobs kept; small devices keep eight. */
const MAX_FUTURE_JOBS = 16

/** The tip a device mines on. */
export interface DeviceTip {
  readonly prevHash: Uint8Array
  readonly minNtime: number
  readonly nbits: number
}

/** A job to hash from now on. */
export interface Start {
  readonly job: DeviceJob
  readonly tip: DeviceTip
  /** First header time. */
  readonly ntime: number
}

/** The jobs of one channel as the device sees them: future ones wait, one is mined (DEV-06 … DEV-10). */
export class ChannelJobs {
  readonly #future = new Map<number, DeviceJob>()
  #tip: DeviceTip | undefined

  /** Takes a job; answers whether to start it now, and from which time (DEV-06, DEV-07). */
  add(job: DeviceJob): Start | undefined {
    const { jobId, minNtime } = job.message
    const tip = this.#tip
    if (minNtime !== undefined && tip !== undefined) {
      return { job, tip, ntime: Math.max(minNtime, tip.minNtime) }
    }
    this.#future.set(jobId, job)
    if (this.#future.size <= MAX_FUTURE_JOBS) return undefined
    for (const oldest of this.#future.keys()) {
      this.#future.delete(oldest)
      return undefined
    }
    return undefined
  }

  /** A new tip: the named job is mined, all others are invalid (DEV-08 … DEV-10). */
  activate(prev: SetNewPrevHash): Start | undefined {
    const job = this.#future.get(prev.jobId)
    const tip = { prevHash: prev.prevHash.slice(), minNtime: prev.minNtime, nbits: prev.nbits }
    this.#future.clear()
    this.#tip = tip
    return job === undefined ? undefined : { job, tip, ntime: tip.minNtime }
  }
}
