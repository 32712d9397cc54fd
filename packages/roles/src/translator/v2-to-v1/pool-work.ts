import { concatBytes, equalBytes, nbitsToTarget } from '@sv2/bitcoin'
import type { Notify } from '@sv2/sv1'
import type { Job, JobIdentity, Tip } from '../../mining/channel/job.ts'

/** A V1 job with what held when the pool sent it. */
export interface V1PoolWork {
  readonly notify: Notify
  readonly extranonce1: Uint8Array
  /** Bytes. */
  readonly extranonce2Size: number
  readonly difficulty: number
}

/** Half of a coinbase stands behind a 16-bit length in V2. */
const MAX_COINBASE_HALF = 65_535
/** A path in a block of so many transactions as there can be; V1 pools send no more. */
const MAX_BRANCH = 32
/** Job ids are echoed; no pool needs more. */
const MAX_JOB_ID_LENGTH = 256

/** Why a job cannot be mined; undefined when it can. */
export function workProblem({ notify, extranonce1 }: V1PoolWork): string | undefined {
  if (notify.coinbase1.length === 0 || notify.coinbase2.length === 0) return 'a job without a coinbase'
  const longest = Math.max(notify.coinbase1.length + extranonce1.length, notify.coinbase2.length)
  if (longest > MAX_COINBASE_HALF) return `a coinbase half of ${longest} bytes`
  if (notify.merkleBranch.length > MAX_BRANCH)
    return `a merkle branch of ${notify.merkleBranch.length} hashes`
  if (notify.jobId.length > MAX_JOB_ID_LENGTH) return `a job id of ${notify.jobId.length} characters`
  return networkTarget(notify.nbits) === undefined ? 'nbits that are no target' : undefined
}

/** The tip that a job builds on; its own time is the earliest a share may have. The work has no problem. */
export function workTip({ notify }: V1PoolWork): Tip {
  const { prevHash, nbits, ntime } = notify
  const target = networkTarget(nbits)
  if (target === undefined) throw new RangeError(`nbits ${nbits} is not a target`)
  return { prevHash, nbits, minNtime: ntime, networkTarget: target }
}

/** The job that miners are given: extranonce1 is part of its coinbase, so that a later one changes nothing in it. */
export function workJob({ notify, extranonce1 }: V1PoolWork, identity: JobIdentity & { space: number }): Job {
  return {
    ...identity,
    version: notify.version,
    merklePath: notify.merkleBranch,
    coinbaseTxPrefix: concatBytes(notify.coinbase1, extranonce1),
    coinbaseTxSuffix: notify.coinbase2,
    activeSince: 0,
    tip: undefined,
  }
}

/** Whether two jobs are mined in the same space: a pool that repeats a job may change its time only. */
export function sameSpace(a: V1PoolWork, b: V1PoolWork): boolean {
  const { notify: one } = a
  const { notify: other } = b
  return (
    one.version === other.version &&
    one.nbits === other.nbits &&
    equalBytes(a.extranonce1, b.extranonce1) &&
    equalBytes(one.prevHash, other.prevHash) &&
    equalBytes(one.coinbase1, other.coinbase1) &&
    equalBytes(one.coinbase2, other.coinbase2) &&
    one.merkleBranch.length === other.merkleBranch.length &&
    one.merkleBranch.every((hash, index) => equalBytes(hash, other.merkleBranch[index]!))
  )
}

function networkTarget(nbits: number): Uint8Array | undefined {
  try {
    const target = nbitsToTarget(nbits)
    return target.some((byte) => byte !== 0) ? target : undefined
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}
