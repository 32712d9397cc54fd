import { NoiseError } from './errors.ts'
import type { CipherName } from './suites/x25519-blake2s.ts'

/** The longest prelude request: magic, count byte, 255 codes. */
export const MAX_PRELUDE_BYTES = 4 + 1 + 4 * 255

/** U32 861033555, little-endian (docs/wire.md §3.2.4). */
const MAGIC = [0x53, 0x54, 0x52, 0x33] as const
const CODES: Readonly<Record<CipherName, readonly number[]>> = {
  ChaChaPoly: [0x43, 0x48, 0x43, 0x48],
  AESGCM: [0x41, 0x45, 0x53, 0x47],
}

/** A prelude agreed on: the cipher, and the prologue both sides mix into their handshake. */
export interface PreludeChoice {
  readonly cipher: CipherName
  readonly prologue: Uint8Array
}

/** Step a, without length prefix: magic, and the codes of the ciphers offered, best first. */
export function encodePreludeRequest(offered: readonly CipherName[]): Uint8Array {
  if (offered.length === 0) throw new RangeError('a prelude offers at least one cipher')
  return Uint8Array.of(...MAGIC, offered.length, ...offered.flatMap((cipher) => CODES[cipher]))
}

/** Step b, without length prefix: the code of the cipher chosen. */
export function encodePreludeAnswer(cipher: CipherName): Uint8Array {
  return Uint8Array.from(CODES[cipher])
}

/**
 * The server's reading of a request: the first of its own ciphers, in its order, that the client offers.
 * Unknown codes are passed over.
 * @throws {NoiseError} bad-length · prelude-magic · prelude-no-common-cipher
 */
export function choosePrelude(request: Uint8Array, accepted: readonly CipherName[]): PreludeChoice {
  if (request.length < 9 || request.length !== 5 + 4 * request[4]!) {
    throw new NoiseError('bad-length', `a prelude request of ${request.length} bytes`)
  }
  if (!startsWith(request, MAGIC))
    throw new NoiseError('prelude-magic', 'the request has another magic number')
  const offers = request.subarray(4)
  for (const cipher of accepted) {
    if (offersCipher(offers, cipher)) return { cipher, prologue: prologueOf(offers, cipher) }
  }
  throw new NoiseError('prelude-no-common-cipher', `none of ${accepted.join(', ')} is offered`)
}

/**
 * The client's reading of an answer.
 * @throws {NoiseError} bad-length · prelude-bad-choice
 */
export function acceptPrelude(answer: Uint8Array, offered: readonly CipherName[]): PreludeChoice {
  if (answer.length !== 4) throw new NoiseError('bad-length', `a prelude answer of ${answer.length} bytes`)
  const cipher = offered.find((candidate) => startsWith(answer, CODES[candidate]))
  if (cipher === undefined)
    throw new NoiseError('prelude-bad-choice', 'the server chose what was not offered')
  return { cipher, prologue: prologueOf(encodePreludeRequest(offered).subarray(4), cipher) }
}

/** The list as sent (count byte and codes), then the code chosen. */
function prologueOf(offers: Uint8Array, cipher: CipherName): Uint8Array {
  return Uint8Array.of(...offers, ...CODES[cipher])
}

function offersCipher(offers: Uint8Array, cipher: CipherName): boolean {
  for (let at = 1; at < offers.length; at += 4) {
    if (startsWith(offers.subarray(at), CODES[cipher])) return true
  }
  return false
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte)
}
