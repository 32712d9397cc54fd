import { describeBackend } from '@sv2/noise/backend-conformance'
import { describe, expect, test } from 'vitest'
import { fastestBackend } from './fastest-backend.ts'

describeBackend('fastest', fastestBackend)

describe('fastest backend', () => {
  test('a secret whose bytes change in place is a new secret', () => {
    const secret = new Uint8Array(32).fill(1)
    const first = fastestBackend.x25519PublicKey(secret)
    secret.fill(2)
    expect(fastestBackend.x25519PublicKey(secret)).not.toEqual(first)
  })

  test('associated data longer than the WebAssembly takes is sealed and checked all the same', () => {
    const key = fastestBackend.chacha20Poly1305(new Uint8Array(32).fill(3))
    const nonce = new Uint8Array(12)
    const associatedData = new Uint8Array(33).fill(4)
    const sealed = new Uint8Array(40)
    key.seal(nonce, associatedData, new Uint8Array(24).fill(5), sealed)
    const opened = new Uint8Array(24)
    expect(key.open(nonce, associatedData, sealed, opened)).toBe(true)
    expect(opened).toEqual(new Uint8Array(24).fill(5))
    associatedData[32] = 0
    expect(key.open(nonce, associatedData, sealed, opened)).toBe(false)
  })

  test('messages of any length are signed with Schnorr and verified', () => {
    const secret = new Uint8Array(32).fill(6)
    const message = new Uint8Array(42).fill(7)
    const signature = fastestBackend.schnorrSign(message, secret, new Uint8Array(32))
    const publicKey = fastestBackend.secp256k1XOnlyPublicKey(secret)
    expect(fastestBackend.schnorrVerify(signature, message, publicKey)).toBe(true)
    expect(fastestBackend.schnorrVerify(signature, message.subarray(1), publicKey)).toBe(false)
  })

  test.each([new Uint8Array(31), new Uint8Array(33)])('a key of another length is refused', (key) => {
    expect(() => fastestBackend.chacha20Poly1305(key)).toThrow(RangeError)
    expect(() => fastestBackend.aes256Gcm(key)).toThrow(RangeError)
  })

  test('a secret out of range is our own mistake, in ECDH and in signing', () => {
    const zero = new Uint8Array(32)
    const x = fastestBackend.secp256k1XOnlyPublicKey(new Uint8Array(32).fill(1))
    expect(() => fastestBackend.secp256k1XOnlyEcdh(zero, x)).toThrow(RangeError)
    expect(() => fastestBackend.schnorrSign(new Uint8Array(32), zero, zero)).toThrow(RangeError)
  })
})
