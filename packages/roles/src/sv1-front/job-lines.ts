import type { Notify } from '@sv2/sv1'
import type { Millis } from '../ground/role.ts'
import type { Job, Tip } from '../mining/channel/job.ts'

/** Bytes of a notify line beside coinbase and merkle branch: names, hashes, numbers. */
const LINE_OVERHEAD = 260
/** Bytes of one hash of the branch in the line: digits, quotes, comma. */
const BRANCH_BYTES = 67

/** The last time that a header can hold. */
const LATEST = 0xffff_ffff

/** How a job is told. */
export interface JobTelling {
  readonly cleanJobs: boolean
  /** Version bits that the miner may roll. */
  readonly mask: number
  readonly now: Millis
}

/**
 * Jobs as V1 lines. One object serves all miners that get a job within the same second, so that it is encoded once.
 */
export class JobLines {
  readonly #written = new WeakMap<Job, Map<number, Notify>>()
  /** When a tip was first seen, and work: by the bytes that all jobs which repeat it share. */
  readonly #since = new WeakMap<Tip | Uint8Array, Millis>()

  /**
   * The line of a live job. Its time is the earliest one plus what has passed since: devices that do not roll the time
   * themselves find fresh headers in every job that repeats another.
   */
  line(job: Job, tip: Tip, { cleanJobs, mask, now }: JobTelling): Notify {
    const age = Math.max(
      tip.minNtime + this.#secondsSince(tip, now),
      (job.minNtime ?? 0) + this.#secondsSince(job.coinbaseTxSuffix, now),
    )
    // an upstream may name any time there is
    const ntime = Math.min(age, LATEST)
    const version = shownVersion(job.version, mask)
    const written = this.#written.get(job) ?? new Map<number, Notify>()
    const key = 2 * version + Number(cleanJobs)
    const known = written.get(key)
    if (known?.ntime === ntime) return known
    const line: Notify = {
      type: 'mining.notify',
      jobId: jobIdText(job.jobId),
      prevHash: tip.prevHash,
      coinbase1: job.coinbaseTxPrefix,
      coinbase2: job.coinbaseTxSuffix,
      merkleBranch: job.merklePath,
      version,
      nbits: tip.nbits,
      ntime,
      cleanJobs,
    }
    this.#written.set(job, written.set(key, line))
    return line
  }

  #secondsSince(what: Tip | Uint8Array, now: Millis): number {
    const since = this.#since.get(what)
    if (since !== undefined) return Math.max(0, Math.floor((now - since) / 1000))
    this.#since.set(what, now)
    return 0
  }
}

/**
 * The version that a V1 miner is shown: without the bits it may roll. Miners of BIP 310 put their bits in the place of
 * the job's, the ESP-Miner family sends what it changed of them; both mean the same only where the job has none there.
 */
export function shownVersion(version: number, mask: number): number {
  return (version & ~mask) >>> 0
}

/** Bytes of a job's coinbase with its extranonce, and of its line. */
export function sizeOf(
  job: Job,
  extranonceBytes: number,
): { readonly coinbase: number; readonly line: number } {
  const halves = job.coinbaseTxPrefix.length + job.coinbaseTxSuffix.length
  return {
    coinbase: halves + extranonceBytes,
    line: LINE_OVERHEAD + 2 * halves + BRANCH_BYTES * job.merklePath.length,
  }
}

/** A job id as V1 miners get it. */
export function jobIdText(jobId: number): string {
  return jobId.toString(16)
}

/** The job id a miner means; undefined when it was none of ours. */
export function readJobId(text: string): number | undefined {
  return /^[0-9a-f]{1,8}$/.test(text) ? Number.parseInt(text, 16) : undefined
}
