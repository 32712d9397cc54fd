import { equalBytes } from '@sv2/bitcoin'
import type { CustomCoinbase } from '../../custom-jobs/custom-coinbase.ts'
import type { Emit, SessionId } from '../../ground/role.ts'
import { firstOfMost, type JobHolder } from './fair-share.ts'
import type { NodeTip } from './tip.ts'

/** Bytes of transactions that only kept jobs hold, at most. */
const MAX_BYTES = 256 * 1024 * 1024
/** Of one connection. */
const MAX_OF_CLIENT = 32

/** A job whose block can be made once there is a solution. */
export interface SolvableJob {
  /** What it builds on. */
  readonly tip: Pick<NodeTip, 'prevHash' | 'height' | 'nbits' | 'target'>
  readonly coinbase: CustomCoinbase
  /** Bytes of the whole extranonce, where the coinbase leaves no choice. */
  readonly extranonceSize: number | undefined
  readonly merklePath: readonly Uint8Array[]
  /** Full serializations, without the coinbase; listed when they are asked for. */
  readonly transactions: readonly Uint8Array[]
}

/** An accepted job, as it is kept in memory and on disk. */
export interface KeptJob extends SolvableJob {
  /** 16 digits of hex: the serial of its token. */
  readonly id: string
  /** Whose it is; of a job from before a restart no connection is known. */
  readonly holder: JobHolder
  /** Bytes of transactions that the client has provided. */
  readonly providedBytes: number
}

/** A job that no solution is taken for any more: it leaves the disk. */
export interface ForgetJob {
  readonly kind: 'forgetJob'
  readonly id: string
}

/**
 * Accepted jobs, for the solutions that may come. They outlive the connection of their client, and the process: what is
 * given up here is told, so that it leaves the disk as well. When there are too many, the client that has most loses
 * its oldest.
 */
export class KeptJobs {
  readonly #limit: number
  readonly #emit: Emit<ForgetJob>
  /** In the order in which they were accepted. */
  #jobs: KeptJob[] = []

  constructor(limit: number, emit: Emit<ForgetJob>) {
    this.#limit = limit
    this.#emit = emit
  }

  get size(): number {
    return this.#jobs.length
  }

  add(job: KeptJob): void {
    this.#jobs.push(job)
    const own = this.#jobs.filter(({ holder }) => holder.connection === job.holder.connection)
    if (own.length > MAX_OF_CLIENT) this.#remove(own[0]!)
    this.#keepToLimits()
  }

  /** Jobs of an earlier run, oldest first. */
  restore(jobs: readonly KeptJob[]): void {
    this.#jobs = [...jobs, ...this.#jobs]
    this.#keepToLimits()
  }

  /**
   * The node is on another block: jobs that build neither on it nor on the one before are over. After a restart it is
   * not known the one before by its hash.
   */
  newTip(tip: NodeTip, before: NodeTip | undefined): void {
    const isLive = (job: KeptJob): boolean =>
      equalBytes(job.tip.prevHash, tip.prevHash) ||
      (before === undefined
        ? job.tip.height >= tip.height - 1
        : equalBytes(job.tip.prevHash, before.prevHash))
    for (const job of this.#jobs.filter((each) => !isLive(each))) this.#remove(job)
  }

  /** The newest first, those of a connection before all others (JDS-08, JDS-09). */
  inOrderFor(session: SessionId | undefined): readonly KeptJob[] {
    const newest = this.#jobs.toReversed()
    return [
      ...newest.filter(({ holder }) => holder.connection === session),
      ...newest.filter(({ holder }) => holder.connection !== session),
    ]
  }

  #keepToLimits(): void {
    while (this.#jobs.length > this.#limit) this.#remove(firstOfMost(this.#jobs, holderOf)!)
    let bytes = this.#jobs.reduce((sum, { providedBytes }) => sum + providedBytes, 0)
    while (bytes > MAX_BYTES && this.#jobs.length > 1) {
      const largest = firstOfMost(this.#jobs, holderOf, ({ providedBytes }) => providedBytes)!
      bytes -= largest.providedBytes
      this.#remove(largest)
    }
  }

  #remove(job: KeptJob): void {
    this.#jobs = this.#jobs.filter((other) => other !== job)
    this.#emit({ kind: 'forgetJob', id: job.id })
  }
}

function holderOf({ holder }: KeptJob): JobHolder {
  return holder
}
