import { payloadLength } from './transport.ts'

/** What speaks on a fresh connection, as its first bytes tell. `draft-prelude` is the handshake of 2022. */
export type FirstFlight = 'current' | 'draft' | 'draft-prelude' | 'plaintext' | 'sv1'

/**
 * What to do with a fresh connection: hand all its bytes on, or wait. With `graceMs` the caller asks again
 * when no byte has come for so long, passing `graceOver`; without it only more bytes, or the handshake
 * timeout, can decide.
 */
export type Detection =
  | { readonly kind: FirstFlight }
  | { readonly kind: 'wait'; readonly graceMs: number | undefined }

/** A whole first flight of a draft client. */
const PREFIXED_FLIGHT_BYTES = 34
/** Long enough for a segment on its way, short enough not to be felt (docs/wire.md §1.4). */
const GRACE_MS = 200
/** 16 printable bytes after `{` come from a random key once in 10^9 connections. */
const SURE_OF_TEXT_BYTES = 16

/** Whether more may still follow what a client has sent. */
type Patience = 'left' | 'over'

/**
 * Tells a client's edition from the first bytes it sent, all of them so far (docs/wire.md §1.4).
 *
 * Plaintext clients of the two editions cannot be told apart; `plaintext` leaves that to configuration.
 * `graceOver` says that nothing has followed for {@link Detection} `graceMs`.
 */
export function detectFirstFlight(
  bytes: Uint8Array,
  { graceOver }: { readonly graceOver: boolean },
): Detection {
  const patience = graceOver ? 'over' : 'left'
  if (bytes.length < 2) return wait()
  if (bytes[0] === 0x20 && bytes[1] === 0x00) return prefixedOrKey(bytes, patience)
  if (bytes[0] === 0x7b && bytes.every(isText)) return textOrKey(bytes, patience)
  // The shortest flight of any other kind has 11 bytes, and 9 are enough to tell them apart.
  if (bytes.length < 9) return wait()
  if (bytes[2] === 0x53 && bytes[3] === 0x54 && bytes[4] === 0x52 && bytes[5] === 0x33) {
    return { kind: 'draft-prelude' }
  }
  return { kind: isSetupConnection(bytes) ? 'plaintext' : 'current' }
}

/** A random ElligatorSwift key starts with `20 00` once in 65 536 connections; then the length decides. */
function prefixedOrKey(bytes: Uint8Array, patience: Patience): Detection {
  if (bytes.length > PREFIXED_FLIGHT_BYTES) return { kind: 'current' }
  if (bytes.length < PREFIXED_FLIGHT_BYTES) return wait()
  return patience === 'over' ? { kind: 'draft' } : wait(GRACE_MS)
}

function textOrKey(bytes: Uint8Array, patience: Patience): Detection {
  const sure = bytes.length >= SURE_OF_TEXT_BYTES || bytes.includes(0x0a)
  return sure || patience === 'over' ? { kind: 'sv1' } : wait(GRACE_MS)
}

/**
 * A frame of extension 0, type 0, with a length a SetupConnection can have, a known protocol and min_version
 * 2.
 */
function isSetupConnection(bytes: Uint8Array): boolean {
  const length = payloadLength(bytes)
  return (
    bytes[0] === 0 &&
    bytes[1] === 0 &&
    bytes[2] === 0 &&
    length >= 16 &&
    length <= 1291 &&
    bytes[6]! <= 3 &&
    bytes[7] === 2 &&
    bytes[8] === 0
  )
}

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte <= 0x7e) || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function wait(graceMs?: number): Detection {
  return { kind: 'wait', graceMs }
}
