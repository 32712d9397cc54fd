import { concatBytes, merkleRootFromPath, type Sha256d } from '@sv2/bitcoin'
import type { NewExtendedMiningJob, NewMiningJob } from '@sv2/messages'

/** A job as the device keeps it: what was sent, and the prefix that held when it came (DEV-21). */
export interface DeviceJob {
  readonly message: NewMiningJob | NewExtendedMiningJob
  readonly prefix: Uint8Array
}

/** What the hashing threads need for one job. Structured-clonable. */
export interface Work {
  /** Grows with each work; shares name it. */
  readonly workId: number
  readonly version: number
  /** Version bits that may be rolled; 0 for none. */
  readonly versionMask: number
  /** Header byte order. */
  readonly prevHash: Uint8Array
  readonly nbits: number
  /** First header time; one second more for each second since `startedAt` (DEV-15, DEV-16). */
  readonly ntime: number
  readonly startedAt: number
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array
  /** Bytes of extranonce to roll; 0 where the merkle root is fixed. */
  readonly extranonceSize: number
  /** Coinbase before and after the rolled extranonce, and the path to the root. */
  readonly coinbasePrefix: Uint8Array
  readonly coinbaseSuffix: Uint8Array
  readonly merklePath: readonly Uint8Array[]
  /** The root where it is fixed (`extranonceSize` 0). */
  readonly merkleRoot: Uint8Array
}

/** The parts of a work that its job decides. */
export function workOfJob(
  job: DeviceJob,
  extranonceSize: number,
  sha256d: Sha256d,
): Pick<Work, 'extranonceSize' | 'coinbasePrefix' | 'coinbaseSuffix' | 'merklePath' | 'merkleRoot'> {
  const { message, prefix } = job
  if (message.type === 'NewMiningJob') {
    return { ...NO_COINBASE, extranonceSize: 0, merkleRoot: message.merkleRoot }
  }
  const coinbasePrefix = concatBytes(message.coinbaseTxPrefix, prefix)
  const parts = { coinbasePrefix, coinbaseSuffix: message.coinbaseTxSuffix, merklePath: message.merklePath }
  if (extranonceSize > 0) return { ...parts, extranonceSize, merkleRoot: new Uint8Array(32) }
  return { ...parts, extranonceSize, merkleRoot: rootOf(parts, new Uint8Array(0), sha256d) }
}

/** The merkle root of a work for one rolled extranonce (DEV-24). */
export function rootOf(
  work: Pick<Work, 'coinbasePrefix' | 'coinbaseSuffix' | 'merklePath'>,
  extranonce: Uint8Array,
  sha256d: Sha256d,
): Uint8Array {
  const coinbase = concatBytes(work.coinbasePrefix, extranonce, work.coinbaseSuffix)
  return merkleRootFromPath(sha256d(coinbase), work.merklePath, sha256d)
}

const NO_COINBASE = {
  coinbasePrefix: new Uint8Array(0),
  coinbaseSuffix: new Uint8Array(0),
  merklePath: [],
}
