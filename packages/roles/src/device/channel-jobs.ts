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

/** The jobs of one channel as the device sees them: future ones wait, one is mined (DEV-06 … DEV-10). */
export class ChannelJobs {
  readonly #future = new Map<number, DeviceJob>()
  #tip: DeviceTip | undefined

  get tip(): DeviceTip | undefined {
    return this.#tip
  }

  /** Takes a job; answers whether to mine it now, and from which time (DEV-06, DEV-07). */
  add(job: DeviceJob): { readonly minNtime: number } | undefined {
    const { jobId, minNtime } = job.message
    if (minNtime === undefined || this.#tip === undefined) {
      this.#future.set(jobId, job)
      if (this.#future.size > MAX_FUTURE_JOBS) this.#future.delete(this.#future.keys().next().value!)
      return undefined
    }
    return { minNtime }
  }

  /** A new tip: the named job is mined, all others are invalid (DEV-08 … DEV-10). */
  activate(prev: SetNewPrevHash): DeviceJob | undefined {
    const job = this.#future.get(prev.jobId)
    this.#future.clear()
    this.#tip = { prevHash: prev.prevHash, minNtime: prev.minNtime, nbits: prev.nbits }
    return job
  }
}
