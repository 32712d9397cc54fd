/** Who speaks on a fresh connection to a port that takes V1. */
export type FirstBytes =
  /** Stratum V1, or at least text that its reader may refuse line by line. */
  | 'v1'
  /** A web browser or a scanner. */
  | 'http'
  /** A TLS ClientHello on a port without TLS. */
  | 'tls'
  /** Binary: V2, or nothing we know. */
  | 'other'
  /** Not decided yet. */
  | 'wait'

/** So many characters of text in a row come from a random key once in 10^13 connections. */
const SURE_OF_TEXT_BYTES = 32
/** 22, version 3.x, a length, and the ClientHello's 1 (RFC 8446 §5.1, §4). */
const TLS_HEADER_BYTES = 6
const LONGEST_TLS_RECORD = 16_384

/** U+FEFF in UTF-8; there is V1 software that begins with it. */
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf)

const LF = 0x0a
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

const HTTP_OPENINGS: readonly Uint8Array[] = [
  'GET /',
  'HEAD /',
  'POST /',
  'PUT /',
  'PATCH /',
  'DELETE /',
  'OPTIONS ',
  'CONNECT ',
  'TRACE /',
  'PRI * ',
  'GET http',
].map((text) => new TextEncoder().encode(text))

/**
 * Tells Stratum V1 from what else arrives on its port, by all the bytes so far of a fresh connection. V1 is a complete
 * line that is a JSON object by its first and last character, or 32 bytes of text: the openings of V2 are 64 random
 * bytes, of which every 256th starts like any given character, so no single byte decides.
 *
 * `isFinal`: nothing more is coming, or the time to wait is over. Then the answer is never `wait`.
 */
export function looksLikeV1(bytes: Uint8Array, { isFinal }: { readonly isFinal: boolean }): FirstBytes {
  if (startsWith(bytes, BYTE_ORDER_MARK))
    return looksLikeV1(bytes.subarray(BYTE_ORDER_MARK.length), { isFinal })
  if (startsLikeTls(bytes)) {
    if (bytes.length >= TLS_HEADER_BYTES) return 'tls'
    return isFinal ? 'other' : 'wait'
  }
  if (HTTP_OPENINGS.some((opening) => startsWith(bytes, opening))) return 'http'
  const text = textLength(bytes)
  if (text >= SURE_OF_TEXT_BYTES || hasObjectLine(bytes.subarray(0, text))) return 'v1'
  if (text < bytes.length) return 'other'
  if (!isFinal) return 'wait'
  return opensObject(bytes) ? 'v1' : 'other'
}

/** How many bytes from the start are printable or white space, as far as it matters. */
function textLength(bytes: Uint8Array): number {
  const most = Math.min(bytes.length, SURE_OF_TEXT_BYTES)
  let length = 0
  while (length < most && isText(bytes[length]!)) length++
  return length
}

function hasObjectLine(text: Uint8Array): boolean {
  const start = skipSpace(text)
  const end = text.indexOf(LF, start)
  if (text[start] !== OPENING_BRACE || end < 0) return false
  let last = end - 1
  while (isSpace(text[last]!)) last--
  return last > start && text[last] === CLOSING_BRACE
}

/** More than a brace: half a line from a person who types slowly. */
function opensObject(text: Uint8Array): boolean {
  const start = skipSpace(text)
  return text[start] === OPENING_BRACE && text.length - start > 1
}

function skipSpace(text: Uint8Array): number {
  let at = 0
  while (at < text.length && isSpace(text[at]!)) at++
  return at
}

function startsWith(bytes: Uint8Array, opening: Uint8Array): boolean {
  return bytes.length >= opening.length && opening.every((byte, index) => bytes[index] === byte)
}

/** Whether the bytes are a TLS header as far as they go. */
function startsLikeTls(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || bytes[0] !== 0x16) return false
  if (bytes.length > 1 && bytes[1] !== 0x03) return false
  if (bytes.length > 2 && bytes[2]! > 0x04) return false
  if (bytes.length > 4 && bytes[3]! * 256 + bytes[4]! > LONGEST_TLS_RECORD) return false
  return bytes.length <= 5 || bytes[5] === 0x01
}

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte <= 0x7e) || isSpace(byte)
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}
