import { compareLe } from './bytes.ts'

const TWO_256 = 1n << 256n

/** 2^256 - 1, the target every hash meets: 32 bytes of ff. Do not write to it. */
export const MAX_TARGET: Uint8Array = new Uint8Array(32).fill(0xff)

/** The target of difficulty 1, 0x00000000ffff0000…: 32 bytes, little-endian. Do not write to it. */
export const DIFFICULTY_ONE_TARGET: Uint8Array = new Uint8Array(32).fill(0xff, 26, 28)

/** A 32-byte little-endian target as an integer. @throws {RangeError} when it is not 32 bytes. */
export function targetToBigint(target: Uint8Array): bigint {
  if (target.length !== 32) throw new RangeError(`target of ${target.length} bytes`)
  const view = new DataView(target.buffer, target.byteOffset, 32)
  let value = 0n
  for (let offset = 24; offset >= 0; offset -= 8) value = (value << 64n) | view.getBigUint64(offset, true)
  return value
}

/** An integer as a 32-byte little-endian target. @throws {RangeError} outside 0 … 2^256-1. */
export function bigintToTarget(value: bigint): Uint8Array {
  if (value < 0n || value >= TWO_256) throw new RangeError(`no 256-bit target: ${value}`)
  const target = new Uint8Array(32)
  const view = new DataView(target.buffer)
  for (let offset = 0; offset < 32; offset += 8) view.setBigUint64(offset, value >> BigInt(8 * offset), true)
  return target
}

/**
 * The target in a header's compact form, by the rules of Bitcoin Core's `arith_uint256::SetCompact`: 32 bytes, little-endian.
 *
 * @throws {RangeError} when `nbits` is no 32-bit number, is negative (sign bit on a mantissa other than zero) or exceeds 256 bits.
 */
export function nbitsToTarget(nbits: number): Uint8Array {
  if (nbits >>> 0 !== nbits) throw new RangeError(`nbits ${nbits} is no 32-bit number`)
  const exponent = nbits >>> 24
  const mantissa = nbits & 0x007fffff
  const value =
    exponent <= 3 ? BigInt(mantissa >>> (8 * (3 - exponent))) : BigInt(mantissa) << BigInt(8 * (exponent - 3))
  const shown = `nbits ${nbits.toString(16).padStart(8, '0')}`
  if (value !== 0n && (nbits & 0x00800000) !== 0) throw new RangeError(`${shown} is negative`)
  if (value >= TWO_256) throw new RangeError(`${shown} exceeds 256 bits`)
  return bigintToTarget(value)
}

/** The canonical compact form, rounded down to its 23 bits (`arith_uint256::GetCompact`). */
export function targetToNbits(target: Uint8Array): number {
  const value = targetToBigint(target)
  let size = 32
  while (size > 0 && target[size - 1] === 0) size--
  let mantissa = Number(size <= 3 ? value << BigInt(8 * (3 - size)) : value >> BigInt(8 * (size - 3)))
  if ((mantissa & 0x00800000) !== 0) {
    mantissa >>>= 8
    size++
  }
  return ((size << 24) | mantissa) >>> 0
}

/** Whether a hash (wire order) read as a little-endian integer is at or below the target, both 32 bytes. Runs once per share. */
export function meetsTarget(hash: Uint8Array, target: Uint8Array): boolean {
  return compareLe(hash, target) <= 0
}
