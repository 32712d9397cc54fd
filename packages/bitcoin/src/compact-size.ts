import { BitcoinError } from './bitcoin-error.ts'

/** A decoded CompactSize and how many bytes it took. */
export type CompactSize = { readonly value: number; readonly size: 1 | 3 | 5 | 9 }

/**
 * Bitcoin's variable-length count: 1, 3, 5 or 9 bytes.
 *
 * @throws {RangeError} when `n` is not an integer of 0 … 2^53-1.
 */
export function encodeCompactSize(n: number): Uint8Array {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`no CompactSize: ${n}`)
  if (n < 0xfd) return Uint8Array.of(n)
  const size = n <= 0xffff ? 3 : n <= 0xffffffff ? 5 : 9
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  bytes[0] = size === 3 ? 0xfd : size === 5 ? 0xfe : 0xff
  if (size === 3) view.setUint16(1, n, true)
  else if (size === 5) view.setUint32(1, n, true)
  else view.setBigUint64(1, BigInt(n), true)
  return bytes
}

/**
 * Reads a CompactSize at `offset`. Refuses a value spelt longer than necessary, as consensus code does.
 *
 * @throws {BitcoinError} truncated, non-canonical, or out-of-range above 2^53-1.
 */
export function readCompactSize(bytes: Uint8Array, offset: number): CompactSize {
  const first = bytes[offset]
  if (first === undefined) throw new BitcoinError('truncated', `CompactSize at ${offset}`)
  if (first < 0xfd) return { value: first, size: 1 }
  const size = first === 0xfd ? 3 : first === 0xfe ? 5 : 9
  if (offset + size > bytes.length)
    throw new BitcoinError('truncated', `CompactSize of ${size} bytes at ${offset}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size)
  if (size === 3) return canonical(view.getUint16(1, true), 0xfd, size)
  if (size === 5) return canonical(view.getUint32(1, true), 0x10000, size)
  const wide = view.getBigUint64(1, true)
  if (wide > BigInt(Number.MAX_SAFE_INTEGER)) throw new BitcoinError('out-of-range', `CompactSize ${wide}`)
  return canonical(Number(wide), 0x100000000, size)
}

function canonical(value: number, minimum: number, size: 3 | 5 | 9): CompactSize {
  if (value < minimum) throw new BitcoinError('non-canonical', `CompactSize ${value} in ${size} bytes`)
  return { value, size }
}
