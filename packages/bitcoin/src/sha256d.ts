import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'

/** SHA-256 applied twice: any bytes in, 32 bytes in wire order out. The seam through which a host injects a faster one. */
export interface Sha256d {
  (data: Uint8Array): Uint8Array
  /**
   * The merkle root above a leaf from its right-hand siblings, lowest first, all 32 bytes in wire order: for a host that
   * does a whole path faster than by a call for each node. Throws a RangeError when a node is not 32 bytes long.
   */
  readonly merkleRoot?: (leaf: Uint8Array, path: readonly Uint8Array[]) => Uint8Array
  /**
   * The merkle roots of one work for several extranonces of the same size, in their order: for a host that keeps what they have
   * in common, and hashes several at one time. The bytes of the work do not change afterwards.
   */
  readonly coinbaseRoots?: (work: CoinbaseWork, extranonces: readonly Uint8Array[]) => Uint8Array[]
}

/** What the merkle root of a block depends on, beside the extranonce. */
export interface CoinbaseWork {
  /** Coinbase up to the extranonce, SegWit fields stripped. */
  readonly coinbaseTxPrefix: Uint8Array
  /** Coinbase after the extranonce, SegWit fields stripped. */
  readonly coinbaseTxSuffix: Uint8Array
  /** Right-hand siblings, 32 bytes in wire order each, lowest first. */
  readonly merklePath: readonly Uint8Array[]
}

/** SHA-256 once (FIPS 180-4): 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return nobleSha256(data)
}

/** SHA-256 twice, as Bitcoin hashes headers, transactions and merkle nodes: 32 bytes in wire order. Portable reference. */
export const sha256d: Sha256d = (data) => nobleSha256(nobleSha256(data))
