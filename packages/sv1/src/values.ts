import { fromHex, parseHex32, plainHex } from './hex.ts'

/**
 * Readers of one JSON value each: tolerant about how it is written, strict about what it says. All answer
 * undefined for what they refuse.
 */

/** Text, or a number a device wrote where text belongs. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : undefined
}

/** A 32-bit number: an integer, or hex digits with or without `0x` and leading zeros. */
export function uint32Of(value: unknown): number | undefined {
  if (typeof value === 'string') return parseHex32(value)
  return isUint32(value) ? value : undefined
}

/** A number of things, 0 up to `most`: an integer, or its digits. */
export function countOf(value: unknown, most: number): number | undefined {
  const count = numberOf(value)
  return count !== undefined && Number.isInteger(count) && count >= 0 && count <= most ? count : undefined
}

/** A finite number of 0 or more, or its decimal digits. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined
}

const DECIMAL = /^\s*\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/

/** A difficulty: finite and above 0. */
export function difficultyOf(value: unknown): number | undefined {
  const difficulty = numberOf(value)
  return difficulty !== undefined && difficulty > 0 ? difficulty : undefined
}

/** Hex digits of at most `maxBytes` bytes, even in number, lower case, without `0x`. */
export function hexOf(value: unknown, maxBytes: number): string | undefined {
  const digits = typeof value === 'string' ? plainHex(value) : undefined
  return digits !== undefined && digits.length <= 2 * maxBytes ? digits : undefined
}

/** The bytes of hex text, at most `maxBytes`. */
export function bytesOf(value: unknown, maxBytes = Number.POSITIVE_INFINITY): Uint8Array | undefined {
  const bytes = typeof value === 'string' ? fromHex(value) : undefined
  return bytes !== undefined && bytes.length <= maxBytes ? bytes : undefined
}

/** A target, printed as a number with the most significant digit first, as 32 bytes little-endian. */
export function targetOf(value: unknown): Uint8Array | undefined {
  const bytes = bytesOf(value, 32)
  if (bytes === undefined || bytes.length === 0) return undefined
  const target = new Uint8Array(32)
  target.set(bytes.reverse())
  return target
}

/** The least width of a mask that a miner asks for. `16`, `"16"` and SRI's `"00000010"` all say sixteen. */
export function bitCountOf(value: unknown): number | undefined {
  const isHex = typeof value === 'string' && (value.length === 8 || !DECIMAL.test(value))
  const count = isHex ? parseHex32(value) : numberOf(value)
  return count !== undefined && Number.isInteger(count) && count <= 32 ? count : undefined
}

function isUint32(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 0xffff_ffff && Number.isInteger(value)
}
