import { expect, test } from 'vitest'
import { hex, queued, seeded, toHex } from './_fixtures.ts'
import { certificatesOf, suiteOf } from './edition-suite.ts'
import { makeAuthorityKeyPair, makeKeyPair } from './keys.ts'
import { nobleBackend } from './noble-backend.ts'

const ZERO = new Uint8Array(32)
const ORDER = hex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')
const LAST = hex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140')
const MAX = new Uint8Array(32).fill(0xff)
const ONE = hex('0000000000000000000000000000000000000000000000000000000000000001')
const suite = suiteOf('current', nobleBackend)
const scheme = certificatesOf('current', nobleBackend)

test('SEC-17 (current): key generation passes over 0 and values from n on', () => {
  for (const invalid of [ZERO, ORDER, MAX]) {
    const random = queued(invalid, ONE)
    const later = seeded(1)
    const pair = makeKeyPair(suite, (length) => (length === 32 ? random(length) : later(length)))
    expect(toHex(pair.secret)).toBe(toHex(ONE))
    expect(toHex(makeAuthorityKeyPair(scheme, queued(invalid, LAST)).secret)).toBe(toHex(LAST))
  }
})

test('SEC-17 (current): given secrets outside 1 … n − 1 are refused', () => {
  for (const invalid of [ZERO, ORDER, MAX, new Uint8Array(31).fill(1)]) {
    expect([suite.isSecret(invalid), scheme.isSecret(invalid)]).toEqual([false, false])
    expect(() => suite.keyPair(invalid, seeded(1))).toThrow(RangeError)
    expect(() => scheme.authorityKey(invalid)).toThrow(RangeError)
  }
  expect([suite.isSecret(ONE), suite.isSecret(LAST)]).toEqual([true, true])
})

test('a random source that gives nothing valid is reported, not asked for ever', () => {
  expect(() => makeKeyPair(suite, (length) => new Uint8Array(length))).toThrow(/random source/)
})

test('SEC-15 (current): a key is 64 bytes in the handshake and 32 in a certificate', () => {
  const pair = makeKeyPair(suite, seeded(2))
  expect([pair.wire.length, pair.key.length]).toEqual([64, 32])
  expect(toHex(suite.publicKey(pair.wire).key)).toBe(toHex(pair.key))
})

test('draft keys take any 32 random bytes', () => {
  const pair = makeKeyPair(suiteOf('draft', nobleBackend), queued(MAX))
  expect(toHex(pair.wire)).toBe(toHex(nobleBackend.x25519PublicKey(MAX)))
  const authority = makeAuthorityKeyPair(certificatesOf('draft', nobleBackend), queued(ZERO))
  expect(toHex(authority.publicKey)).toBe(toHex(nobleBackend.ed25519PublicKey(ZERO)))
})
