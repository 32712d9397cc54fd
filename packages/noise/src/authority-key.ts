/// <reference path="./bs58check.d.ts" />
import bs58check from 'bs58check'
import type { Edition } from './edition.ts'
import { NoiseError } from './errors.ts'

/** An authority key as its text tells it: the 32 bytes, and the edition whose spelling the text has. */
export interface AuthorityKey {
  readonly edition: Edition
  /** 32 bytes: x-only secp256k1 (current) or Ed25519 (draft). */
  readonly key: Uint8Array
}

const KEY_BYTES = 32
/** U16 LE version 1 in front of the key (docs/wire.md §3.3.5); the draft has none (§3.2.6). */
const VERSION_PREFIX = [0x01, 0x00] as const

/** The text of an authority key: base58check, in the current edition behind the version prefix `01 00`. */
export function encodeAuthorityKey({ edition, key }: AuthorityKey): string {
  requireKey(key)
  return bs58check.encode(edition === 'current' ? Uint8Array.of(...VERSION_PREFIX, ...key) : key)
}

/**
 * Reads an authority key of either edition and tells which: 32 bytes mean draft, `01 00` and 32 bytes
 * current.
 * @throws {NoiseError} authority-key-checksum (also for characters outside base58) · authority-key-length ·
 * authority-key-version
 */
export function decodeAuthorityKey(text: string): AuthorityKey {
  const payload = decodeChecked(text)
  if (payload.length === KEY_BYTES) return { edition: 'draft', key: payload }
  if (payload.length !== KEY_BYTES + VERSION_PREFIX.length) throw wrongLength(payload.length)
  if (payload[0] !== VERSION_PREFIX[0] || payload[1] !== VERSION_PREFIX[1]) {
    const version = payload[0]! | (payload[1]! << 8)
    throw new NoiseError('authority-key-version', `authority key version ${version} is not known, only 1`)
  }
  return { edition: 'current', key: payload.slice(VERSION_PREFIX.length) }
}

/**
 * The text of an authority secret, or of a static one: base58check of 32 bytes, the same in both editions.
 */
export function encodeSecretKey(secret: Uint8Array): string {
  requireKey(secret)
  return bs58check.encode(secret)
}

/**
 * Reads a secret written by {@link encodeSecretKey}; whether it is in range is the scheme's to say.
 * @throws {NoiseError} authority-key-checksum · authority-key-length
 */
export function decodeSecretKey(text: string): Uint8Array {
  const payload = decodeChecked(text)
  if (payload.length !== KEY_BYTES) throw wrongLength(payload.length)
  return payload
}

// The text may be a secret: no error shows it.
function decodeChecked(text: string): Uint8Array {
  const payload = bs58check.decodeUnsafe(text)
  if (payload === undefined) {
    throw new NoiseError('authority-key-checksum', 'not base58check text, or its checksum does not fit')
  }
  return Uint8Array.from(payload)
}

function wrongLength(length: number): NoiseError {
  return new NoiseError(
    'authority-key-length',
    `a key of ${length} bytes instead of 32, or 34 with its version`,
  )
}

function requireKey(key: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes, not ${key.length}`)
}
