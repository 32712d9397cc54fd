import {
  buildCoinbase,
  coinbaseRoots,
  coinbaseSuffix,
  coinbaseWithWitness,
  compareLe,
  concatBytes,
  equalBytes,
  findWitnessCommitment,
  nbitsToTarget,
  parseOutputs,
  type Sha256d,
  type TxOutput,
} from '@sv2/bitcoin'
import type { NewTemplate } from '@sv2/messages'

/** Bytes of a job's own number in the coinbase script: it makes every job a search space of its own. */
export const JOB_NUMBER_SIZE = 4

/** How a block's reward is written into the coinbase: who is paid, and what the script says. */
export interface Payout {
  /** Output script that gets everything the template leaves. */
  readonly script: Uint8Array
  /** Text after the height, such as `/pool/`; ASCII, may be empty. */
  readonly tag: Uint8Array
}

/** The tip a job builds on, as the mining SetNewPrevHash tells it. */
export interface Tip {
  /** Header byte order, 32 bytes. */
  readonly prevHash: Uint8Array
  /** Earliest header time, unix seconds. */
  readonly minNtime: number
  /** The network's own earliest time, where `minNtime` is one that a client chose: two hours after it is the latest. */
  readonly latestFrom?: number | undefined
  readonly nbits: number
  /** 32 bytes little-endian; a hash at or below it is a block. May be lower than nbits implies. */
  readonly networkTarget: Uint8Array
}

/** Whether two tips are one: blocks on them differ in nothing but the time they may have. */
export function isSameTip(a: Tip, b: Tip): boolean {
  return a.nbits === b.nbits && equalBytes(a.prevHash, b.prevHash)
}

/** What the coinbase of a job pays, satoshi. */
export interface JobReward {
  /** To the pool and its miners. */
  readonly toPool: bigint
  /** All its outputs together. */
  readonly total: bigint
  /** The payout distribution it follows; 0 when it follows none. */
  readonly distributionId: bigint
}

/** One unit of work as all channels of a job book share it. Only its maker knows where it came from. */
export interface Job {
  readonly jobId: number
  /**
   * The search space it is mined in: its own id, or that of the job it repeats. A share counts once in a search space,
   * whatever job id it comes with.
   */
  readonly space: number
  /** Where the job stands in the order of jobs, targets and prefixes (see JobBook). */
  readonly order: number
  readonly version: number
  readonly versionRollingAllowed: boolean
  readonly merklePath: readonly Uint8Array[]
  /** Coinbase up to the extranonce, SegWit fields stripped. */
  readonly coinbaseTxPrefix: Uint8Array
  /** Coinbase after the extranonce, SegWit fields stripped. */
  readonly coinbaseTxSuffix: Uint8Array
  /** Earliest header time devices are told of, where that is later than the tip's; unix seconds. */
  readonly minNtime?: number | undefined
  /** Part of the block's reward that goes to the pool that credits the shares, 0 … 1; all of it when missing. */
  readonly rewardShare?: number | undefined
  /** What its coinbase pays; missing where nobody counts it. */
  readonly reward?: JobReward | undefined
  /** Its transactions were not checked: its shares are credited on trust. */
  readonly isUnchecked?: boolean | undefined
  /** Order at which the job became active: the tip's, for a job that its client made. 0 while it is a future job. */
  activeSince: number
  /** Undefined while it is a future job. */
  tip: Tip | undefined
}

/** What identifies a job among those of a book. */
export interface JobIdentity {
  readonly jobId: number
  readonly order: number
  readonly versionRollingAllowed: boolean
  /** What the coinbase says: a number that no other job has. The job id, when missing. */
  readonly number?: number | undefined
}

/**
 * Turns a template into a job: script = template prefix ‖ tag ‖ job number ‖ extranonce, the payout first, the
 * template's own outputs last (docs/wire.md §4.5, TPC-09).
 * @throws {RangeError} when script or extranonce do not fit into the 100 bytes of a coinbase script
 */
export function buildJob(
  template: NewTemplate,
  payout: Payout,
  extranonceSize: number,
  identity: JobIdentity,
): Job {
  const { jobId, order, versionRollingAllowed, number = jobId } = identity
  const { prefix, suffix } = buildCoinbase({
    version: template.coinbaseTxVersion,
    scriptSigPrefix: scriptPrefix(template, { tag: payout.tag, number, extranonceSize }),
    extranonceSize,
    ...behindScript(template, [{ value: template.coinbaseTxValueRemaining, script: payout.script }]),
  })
  return {
    jobId,
    order,
    versionRollingAllowed,
    space: jobId,
    version: template.version,
    merklePath: template.merklePath,
    coinbaseTxPrefix: prefix,
    coinbaseTxSuffix: suffix,
    reward: {
      toPool: template.coinbaseTxValueRemaining,
      total: template.coinbaseTxValueRemaining,
      distributionId: 0n,
    },
    activeSince: 0,
    tip: undefined,
  }
}

/** The coinbase suffix of a job of a template that pays these outputs; nothing else of a job depends on who is paid. */
export function suffixPaying(template: NewTemplate, outputs: readonly TxOutput[]): Uint8Array {
  return coinbaseSuffix(behindScript(template, outputs))
}

function behindScript(template: NewTemplate, outputs: readonly TxOutput[]) {
  return {
    sequence: template.coinbaseTxInputSequence,
    outputs,
    rawOutputs: { count: template.coinbaseTxOutputsCount, bytes: template.coinbaseTxOutputs },
    locktime: template.coinbaseTxLocktime,
  }
}

/**
 * The scriptSig of a job up to the extranonce: template prefix ‖ tag ‖ number of the job, which is pushed together with
 * the extranonce, so that nothing in it counts as a signature operation.
 */
export function scriptPrefix(
  template: Pick<NewTemplate, 'coinbasePrefix'>,
  {
    tag,
    number,
    extranonceSize,
    numberSize = JOB_NUMBER_SIZE,
  }: {
    readonly tag: Uint8Array
    readonly number: number
    readonly extranonceSize: number
    /** Bytes of the number, 4 when missing. */
    readonly numberSize?: number
  },
): Uint8Array {
  const numberBytes = new Uint8Array(JOB_NUMBER_SIZE)
  new DataView(numberBytes.buffer).setUint32(0, number, false)
  return concatBytes(
    template.coinbasePrefix,
    tag.length === 0 ? tag : concatBytes(Uint8Array.of(tag.length), tag),
    Uint8Array.of(numberSize + extranonceSize),
    numberBytes.subarray(JOB_NUMBER_SIZE - numberSize),
  )
}

/**
 * The same work under another id, so that a device takes it for new.
 * @param identity.minNtime from when on: a device is not to do again what it has done, unix seconds
 */
export function repeatJob(
  job: Job,
  identity: Pick<JobIdentity, 'jobId' | 'order'> & { readonly minNtime: number },
): Job {
  return { ...job, ...identity, activeSince: 0, tip: undefined }
}

/** The merkle root of a job for one full extranonce (prefix and rolled part together). */
export function jobMerkleRoot(job: Job, extranonce: Uint8Array, sha256d: Sha256d): Uint8Array {
  return coinbaseRoots(job, [extranonce], sha256d)[0]!
}

/**
 * The whole coinbase; with its witness when the block carries a witness commitment (POOL-60, POOL-61, TPC-05).
 * @param templateOutputs outputs the template asked for, one after another
 */
export function blockCoinbase(job: Job, templateOutputs: Uint8Array, extranonce: Uint8Array): Uint8Array {
  if (findWitnessCommitment(parseOutputs(templateOutputs)) === undefined) {
    return concatBytes(job.coinbaseTxPrefix, extranonce, job.coinbaseTxSuffix)
  }
  return coinbaseWithWitness(job.coinbaseTxPrefix, extranonce, job.coinbaseTxSuffix)
}

/** The tip that a template provider's SetNewPrevHash describes; undefined when its nbits are no target. */
export function tipOf(prev: {
  readonly prevHash: Uint8Array
  readonly headerTimestamp: number
  readonly nbits: number
  readonly target: Uint8Array
}): Tip | undefined {
  const implied = targetOf(prev.nbits)
  if (implied === undefined) return undefined
  const stated =
    prev.target.some((byte) => byte !== 0) && compareLe(prev.target, implied) < 0 ? prev.target : implied
  return { prevHash: prev.prevHash, minNtime: prev.headerTimestamp, nbits: prev.nbits, networkTarget: stated }
}

function targetOf(nbits: number): Uint8Array | undefined {
  try {
    const target = nbitsToTarget(nbits)
    return target.some((byte) => byte !== 0) ? target : undefined
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}
