import { CodecError } from './errors.ts'

/**
 * The string that stands for `bytes`: UTF-8, and every byte outside of valid UTF-8 as one lone
 * surrogate U+DC80…U+DCFF (PEP 383). No byte is lost: `encodeText(decodeText(bytes))` equals `bytes`.
 */
export function decodeText(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at]!
    const size = lead < 0x80 ? 1 : sequenceSize(bytes, at, lead)
    if (size === 0) {
      text += String.fromCharCode(0xdc00 + lead)
      at += 1
    } else {
      text += size === 1 ? String.fromCharCode(lead) : String.fromCodePoint(codePoint(bytes, at, size))
      at += size
    }
  }
  return text
}

/**
 * The bytes a string stands for, the inverse of decodeText.
 * @throws {CodecError} bad-string for a lone surrogate outside U+DC80…U+DCFF
 */
export function encodeText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3)
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) {
      bytes[length++] = unit
      continue
    }
    const point = text.codePointAt(index)!
    if (point >= 0xdc80 && point <= 0xdcff) {
      bytes[length++] = point - 0xdc00
      continue
    }
    if (point >= 0xd800 && point <= 0xdfff) {
      throw new CodecError('bad-string', `lone surrogate U+${point.toString(16).toUpperCase()}`)
    }
    if (point > 0xffff) index += 1
    length = putCodePoint(bytes, length, point)
  }
  return bytes.subarray(0, length)
}

/** The length of the valid UTF-8 sequence that starts at `at`, or 0 when there is none. RFC 3629 §4. */
function sequenceSize(bytes: Uint8Array, at: number, lead: number): number {
  const size =
    lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
  if (size === 0 || at + size > bytes.length) return 0
  const second = bytes[at + 1]!
  // shortest form, no surrogates, nothing above U+10FFFF: all decided by the second byte
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let index = 2; index < size; index++) {
    if ((bytes[at + index]! & 0xc0) !== 0x80) return 0
  }
  return size
}

function codePoint(bytes: Uint8Array, at: number, size: number): number {
  let point = bytes[at]! & (0xff >> (size + 1))
  for (let index = 1; index < size; index++) point = (point << 6) | (bytes[at + index]! & 0x3f)
  return point
}

function putCodePoint(bytes: Uint8Array, at: number, point: number): number {
  if (point < 0x800) {
    bytes[at] = 0xc0 | (point >> 6)
    bytes[at + 1] = 0x80 | (point & 0x3f)
    return at + 2
  }
  if (point < 0x1_0000) {
    bytes[at] = 0xe0 | (point >> 12)
    bytes[at + 1] = 0x80 | ((point >> 6) & 0x3f)
    bytes[at + 2] = 0x80 | (point & 0x3f)
    return at + 3
  }
  bytes[at] = 0xf0 | (point >> 18)
  bytes[at + 1] = 0x80 | ((point >> 12) & 0x3f)
  bytes[at + 2] = 0x80 | ((point >> 6) & 0x3f)
  bytes[at + 3] = 0x80 | (point & 0x3f)
  return at + 4
}
