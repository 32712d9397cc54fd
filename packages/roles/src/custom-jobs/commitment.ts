import { concatBytes, encodeOutput, equalBytes, sha256 } from '@sv2/bitcoin'
import type { ErrorCode } from '@sv2/messages'
import type { CustomCoinbase } from './custom-coinbase.ts'

/** Bytes kept of a hash: a second preimage of 128 bits cannot be computed. */
export const SHORT_HASH_SIZE = 16

/** Header version bits that devices may roll by any edition (BIP 323): a job is the same whatever they are. */
const ROLLED_BITS = 0x1fffffe0

/** A job as the pool is asked to pay for it. */
export interface CommittedJob {
  readonly version: number
  /** Header byte order. */
  readonly prevHash: Uint8Array
  readonly nbits: number
  readonly coinbase: CustomCoinbase
  readonly merklePath: readonly Uint8Array[]
}

/**
 * What a server has checked of a job, short enough for a token. The parts stay apart so that a pool can say which one
 * of a SetCustomMiningJob differs.
 */
export interface JobCommitment {
  readonly version: number
  readonly nbits: number
  readonly coinbaseVersion: number
  readonly sequence: number
  readonly locktime: number
  /** Bytes of extranonce that the client was promised to roll, at least. */
  readonly minExtranonceSize: number
  /** Hashes of 16 bytes. */
  readonly prevHash: Uint8Array
  readonly scriptPrefix: Uint8Array
  readonly outputs: Uint8Array
  readonly merklePath: Uint8Array
}

/** Commits to a job. */
export function commitTo(job: CommittedJob, minExtranonceSize = 0): JobCommitment {
  const { coinbase } = job
  return {
    version: (job.version & ~ROLLED_BITS) >>> 0,
    nbits: job.nbits,
    coinbaseVersion: coinbase.version,
    sequence: coinbase.sequence,
    locktime: coinbase.locktime,
    minExtranonceSize,
    prevHash: shortHash(job.prevHash),
    scriptPrefix: shortHash(coinbase.scriptPrefix),
    outputs: shortHash(concatBytes(...coinbase.outputs.map(encodeOutput))),
    merklePath: shortHash(concatBytes(...job.merklePath)),
  }
}

/** By which code a pool refuses a job that is not the one committed to; undefined when it is. */
export function breach(
  promised: JobCommitment,
  job: JobCommitment,
): ErrorCode<'SetCustomMiningJob.Error'> | undefined {
  if (!equalBytes(promised.prevHash, job.prevHash)) return 'stale-chain-tip'
  if (promised.version !== job.version) return 'invalid-version'
  if (promised.nbits !== job.nbits) return 'invalid-nbits'
  if (promised.coinbaseVersion !== job.coinbaseVersion) return 'invalid-coinbase-tx-version'
  if (promised.sequence !== job.sequence) return 'invalid-coinbase-tx-input-n-sequence'
  if (promised.locktime !== job.locktime) return 'invalid-coinbase-tx-locktime'
  if (!equalBytes(promised.scriptPrefix, job.scriptPrefix)) return 'invalid-coinbase-prefix'
  if (!equalBytes(promised.outputs, job.outputs)) return 'invalid-coinbase-tx-outputs'
  if (!equalBytes(promised.merklePath, job.merklePath)) return 'invalid-merkle-path'
  return undefined
}

/** The first 16 bytes of a SHA-256. */
export function shortHash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes).slice(0, SHORT_HASH_SIZE)
}
