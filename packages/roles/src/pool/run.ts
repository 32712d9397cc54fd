import { concatBytes, type Sha256d } from '@sv2/bitcoin'
import type { ExtranonceLayout } from '../mining/channel/extranonce.ts'
import { permutation } from '../mining/channel/permutation.ts'

/** Job ids of one run; the next run begins behind them. */
const IDS_PER_RUN = 2 ** 24

/** What tells one run of a pool from another: nothing that was given out before a restart is given out again. */
export interface PoolRun {
  /** A number that no earlier run had, 0 … 65,535; kept on disk before it is used. */
  readonly epoch: number
  /** Random bytes, so that a client cannot guess what will be given out next. */
  readonly secret: Uint8Array
  /** Other processes of the pool run at the same time: miners go from one to another. */
  readonly hasSiblings?: boolean | undefined
}

/**
 * Puts the epoch into every extranonce prefix, so that no coinbase of an earlier run comes again. It wraps after 65,536
 * runs. By then the tip is another one: a run takes longer than the hundredth of a second that would make it the same.
 */
export function layoutOfRun(
  { serverId, leaseBytes }: ExtranonceLayout,
  { epoch, secret }: PoolRun,
  sha256d: Sha256d,
): ExtranonceLayout {
  return {
    serverId: concatBytes(serverId, Uint8Array.of(epoch >> 8, epoch & 0xff)),
    leaseBytes,
    shuffle: permutation(secret, 8 * leaseBytes, sha256d),
  }
}

/** Numbers the jobs of a run. */
export class RunNumbers {
  readonly #first: number
  readonly #shuffle: ((jobId: number) => number) | undefined
  readonly #hasSiblings: boolean
  #last: number

  /** @param run undefined: the first run of all, whose jobs say what they are numbered */
  constructor(run: PoolRun | undefined, sha256d: Sha256d) {
    this.#first = ((run?.epoch ?? 0) * IDS_PER_RUN) >>> 0
    this.#last = this.#first
    this.#hasSiblings = run?.hasSiblings ?? false
    this.#shuffle = run === undefined ? undefined : permutation(run.secret, 32, sha256d)
  }

  next(): number {
    this.#last = (this.#last + 1) >>> 0
    return this.#last
  }

  /** What the coinbase of a job says: a job that is not sent yet cannot be worked on. */
  coinbaseNumber(jobId: number): number {
    return this.#shuffle?.(jobId) ?? jobId
  }

  /** Whether a job id may be one of the run before, or of a sibling's. */
  isFormer(jobId: number): boolean {
    if (this.#hasSiblings && (jobId - this.#first) >>> 0 >= IDS_PER_RUN) return true
    return this.#shuffle !== undefined && (this.#first - jobId) >>> 0 < IDS_PER_RUN
  }
}
