const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The bytes as lower-case hex, in the order they lie. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length; index++) text += PAIRS[bytes[index]!]
  return text
}

/** A 32-bit number as the eight hex digits V1 writes, most significant first. @throws {RangeError} for any other. */
export function hex32(value: number, name: string): string {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new RangeError(`${name} ${value} is no 32-bit number`)
  }
  return value.toString(16).padStart(8, '0')
}

/** Hex digits without `0x`, of even length and in lower case; undefined when there is another character. */
export function plainHex(text: string): string | undefined {
  const start = text.charCodeAt(0) === ZERO && (text.charCodeAt(1) | 0x20) === LETTER_X ? 2 : 0
  for (let index = start; index < text.length; index++)
    if (nibble(text.charCodeAt(index)) < 0) return undefined
  const digits = (start === 0 ? text : text.slice(start)).toLowerCase()
  return digits.length % 2 === 0 ? digits : `0${digits}`
}

/** The bytes of hex text as devices write it: either case, with or without `0x`, an odd length padded left. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = plainHex(text)
  if (digits === undefined) return undefined
  const bytes = new Uint8Array(digits.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = (nibble(digits.charCodeAt(2 * index)) << 4) | nibble(digits.charCodeAt(2 * index + 1))
  }
  return bytes
}

/** The number that hex text of at least one digit stands for, when it fits 32 bits. */
export function parseHex32(text: string): number | undefined {
  const start = text.charCodeAt(0) === ZERO && (text.charCodeAt(1) | 0x20) === LETTER_X ? 2 : 0
  if (text.length === start) return undefined
  let value = 0
  for (let index = start; index < text.length; index++) {
    const digit = nibble(text.charCodeAt(index))
    if (digit < 0) return undefined
    value = value * 16 + digit
    if (value > 0xffff_ffff) return undefined
  }
  return value
}

/**
 * Turns the four bytes of each word round, as V1 writes the previous hash: from header order to V1's and back.
 * @throws {RangeError} unless there are 32 bytes.
 */
export function swapWords(hash: Uint8Array): Uint8Array {
  if (hash.length !== 32) throw new RangeError(`a previous hash has 32 bytes, not ${hash.length}`)
  const swapped = new Uint8Array(32)
  for (let index = 0; index < 32; index++) swapped[index] = hash[index ^ 3]!
  return swapped
}

const ZERO = 0x30
const LETTER_X = 0x78

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  if (code >= 65 && code <= 70) return code - 55
  return -1
}
