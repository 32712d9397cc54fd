import { nbitsToTarget } from '@sv2/bitcoin'
import type { NewExtendedMiningJob, SetNewPrevHash } from '@sv2/messages'
import { owned } from '../../ground/owned.ts'
import { type Tip, tipOf } from '../../mining/channel/job.ts'

/** Where the script of a stripped coinbase begins: behind version, count, outpoint and script length. */
const SCRIPT_AT = 42
/** Jobs that wait for a tip. */
const MAX_FUTURE_JOBS = 16
/** Bytes of a coinbase's two halves together: a job has to fit a message. */
const MAX_COINBASE_BYTES = 60_000

/** A job of the pool's own and the tip it builds on. */
export interface Offer {
  readonly job: NewExtendedMiningJob
  readonly tip: Tip
}

/**
 * What a pool itself offers to mine on the channel of our own jobs. It says what the chain looks like from there, and it
 * is work as long as our own node is behind.
 */
export class PoolOffer {
  readonly #future = new Map<number, NewExtendedMiningJob>()
  #tip: Tip | undefined
  #newest: NewExtendedMiningJob | undefined

  /** The tip that the pool works on; undefined before it told one. */
  get tip(): Tip | undefined {
    return this.#tip
  }

  /** The job to mine on that tip. */
  get present(): Offer | undefined {
    const [job, tip] = [this.#newest, this.#tip]
    return job === undefined || tip === undefined ? undefined : { job, tip }
  }

  /** Takes one message of the pool. */
  message(message: NewExtendedMiningJob | SetNewPrevHash): void {
    if (message.type === 'SetNewPrevHash') return this.#prevHash(message)
    if (message.coinbaseTxPrefix.length + message.coinbaseTxSuffix.length > MAX_COINBASE_BYTES) return
    const job = owned(message)
    if (job.minNtime === undefined) {
      this.#future.set(job.jobId, job)
      for (const oldest of this.#future.keys()) {
        if (this.#future.size <= MAX_FUTURE_JOBS) break
        this.#future.delete(oldest)
      }
    } else if (this.#tip !== undefined) this.#newest = job
  }

  #prevHash({ jobId, prevHash, minNtime, nbits }: SetNewPrevHash): void {
    this.#newest = this.#future.get(jobId)
    this.#future.clear()
    const target = nbitsToTarget(nbits)
    this.#tip = tipOf({ prevHash: prevHash.slice(), headerTimestamp: minNtime, nbits, target })
  }
}

/** Height of the block that an offer is for, as its coinbase says it (BIP 34); undefined where it does not. */
export function heightOfOffer({ job }: Offer): number | undefined {
  return heightIn(job.coinbaseTxPrefix.subarray(SCRIPT_AT))
}

/** The height that a coinbase script begins with; undefined where it begins otherwise. */
export function heightIn(script: Uint8Array): number | undefined {
  const [size = 0, a = 0, b = 0, c = 0, d = 0] = script
  // OP_1 to OP_16
  if (size > 0x50 && size <= 0x60) return size - 0x50
  if (size < 1 || size > 4 || script.length <= size) return undefined
  return [a, b, c, d].slice(0, size).reduce((sum, byte, place) => sum + byte * 256 ** place, 0)
}
