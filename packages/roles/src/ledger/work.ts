import { nbitsToTarget, targetToBigint } from '@sv2/bitcoin'

/** Hashes that a block of these nbits takes: ⌊2^256 / (target + 1)⌋. */
export function networkWorkOf(nbits: number): bigint {
  return workOf(nbitsToTarget(nbits))
}

/** Hashes that a share of a target takes: ⌊2^256 / (target + 1)⌋. @param target 32 bytes, little-endian */
export function workOf(target: Uint8Array): bigint {
  return (1n << 256n) / (targetToBigint(target) + 1n)
}
