import { describe, expect, test } from 'vitest'
import type { AeadKey, CryptoBackend, RandomBytes } from './crypto-backend.ts'
import { nobleBackend } from './noble-backend.ts'

/** Around every boundary a backend may treat specially: blocks, thresholds, the largest Noise message. */
const SIZES = [0, 1, 6, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 511, 512, 513, 1000]
const LARGE_SIZES = [1024, 1199, 1200, 1201, 4095, 4096, 8191, 8192, 8193, 16_384, 65_518, 65_519]
const KEY = bytesOf(32, 1)
const OTHER_KEY = bytesOf(32, 2)
const NOTHING = new Uint8Array(0)
/** n of secp256k1, big-endian. */
const GROUP_ORDER = fromHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')

/**
 * Declares the tests every crypto backend has to pass, whole or put together from pieces: the same answers as
 * noble on many sizes, and the same refusals. Call it at the top of a test file of the package that has the
 * backend.
 */
export function describeBackend(name: string, backend: CryptoBackend): void {
  describe(`crypto backend ${name}`, () => {
    describeAead('ChaCha20-Poly1305', backend.chacha20Poly1305, nobleBackend.chacha20Poly1305)
    describeAead('AES-256-GCM', backend.aes256Gcm, nobleBackend.aes256Gcm)
    describeHashes(backend)
    describeCurve25519(backend)
    describeSecp256k1(backend)
    describeEllswift(backend)
  })
}

type MakeAead = (key: Uint8Array) => AeadKey

function describeAead(name: string, make: MakeAead, reference: MakeAead): void {
  describe(name, () => {
    test.each([...SIZES, ...LARGE_SIZES])('seals %i bytes as noble does and opens them again', (size) => {
      const plaintext = bytesOf(size, 3)
      const nonce = bytesOf(12, size & 0xff)
      for (const associatedData of [NOTHING, bytesOf(32, 4)]) {
        const expected = new Uint8Array(size + 16)
        reference(KEY).seal(nonce, associatedData, plaintext, expected)
        const sealed = new Uint8Array(size + 16)
        make(KEY).seal(nonce, associatedData, plaintext, sealed)
        expect(equal(sealed, expected)).toBe(true)
        const opened = new Uint8Array(size)
        expect(make(KEY).open(nonce, associatedData, sealed, opened)).toBe(true)
        expect(equal(opened, plaintext)).toBe(true)
      }
    })

    test.each([24, 2000])(
      'writes %i bytes into a view at an odd offset and touches nothing around it',
      (size) => {
        const buffer = new Uint8Array(size + 16 + 7).fill(0xee)
        const plaintext = bytesOf(size + 3, 5).subarray(3)
        make(KEY).seal(bytesOf(12, 1), NOTHING, plaintext, buffer.subarray(3, 3 + size + 16))
        expect([...buffer.subarray(0, 3), ...buffer.subarray(size + 19)]).toEqual(new Array(7).fill(0xee))
        const out = new Uint8Array(size + 7).fill(0xee)
        const sealed = buffer.subarray(3, 3 + size + 16)
        expect(make(KEY).open(bytesOf(12, 1), NOTHING, sealed, out.subarray(3, 3 + size))).toBe(true)
        expect(equal(out.subarray(3, 3 + size), plaintext)).toBe(true)
        expect([...out.subarray(0, 3), ...out.subarray(size + 3)]).toEqual(new Array(7).fill(0xee))
      },
    )

    test.each([0, 24, 2000])(
      'one key object serves many messages of %i bytes and both directions',
      (size) => {
        const key = make(KEY)
        const nonce = new Uint8Array(12)
        for (let counter = 0; counter < 20; counter += 1) {
          // The caller's nonce changes in place, as a cipher state does it.
          nonce[4] = counter
          const plaintext = bytesOf(size, counter)
          const sealed = new Uint8Array(size + 16)
          const expected = new Uint8Array(size + 16)
          key.seal(nonce, NOTHING, plaintext, sealed)
          reference(KEY).seal(nonce, NOTHING, plaintext, expected)
          expect(equal(sealed, expected)).toBe(true)
          const opened = new Uint8Array(size)
          expect(key.open(nonce, NOTHING, sealed, opened)).toBe(true)
          expect(equal(opened, plaintext)).toBe(true)
        }
      },
    )

    test('two key objects do not disturb each other', () => {
      const first = make(KEY)
      const second = make(OTHER_KEY)
      const out = [new Uint8Array(40), new Uint8Array(40), new Uint8Array(40)] as const
      const plaintext = bytesOf(24, 6)
      first.seal(bytesOf(12, 1), NOTHING, plaintext, out[0])
      second.seal(bytesOf(12, 1), NOTHING, plaintext, out[1])
      first.seal(bytesOf(12, 1), NOTHING, plaintext, out[2])
      expect(equal(out[0], out[2])).toBe(true)
      expect(equal(out[0], out[1])).toBe(false)
    })

    test.each([0, 1, 24, 2000])(
      'refuses %i bytes with any part changed, and opens the right ones afterwards',
      (size) => {
        const key = make(KEY)
        const nonce = bytesOf(12, 1)
        const associatedData = bytesOf(8, 2)
        const sealed = new Uint8Array(size + 16)
        key.seal(nonce, associatedData, bytesOf(size, 3), sealed)
        const out = new Uint8Array(size)
        for (const at of [0, size >> 1, size, size + 15]) {
          const forged = sealed.slice()
          forged[at]! ^= 0x40
          expect(key.open(nonce, associatedData, forged, out)).toBe(false)
        }
        expect(key.open(bytesOf(12, 9), associatedData, sealed, out)).toBe(false)
        expect(key.open(nonce, bytesOf(8, 9), sealed, out)).toBe(false)
        expect(make(OTHER_KEY).open(nonce, associatedData, sealed, out)).toBe(false)
        expect(key.open(nonce, associatedData, sealed, out)).toBe(true)
        expect(equal(out, bytesOf(size, 3))).toBe(true)
      },
    )
  })
}

function describeHashes(backend: CryptoBackend): void {
  test.each([...SIZES, 65_536])('hashes %i bytes as noble does', (size) => {
    const data = bytesOf(size, 7)
    expect(toHex(backend.sha256(data))).toBe(toHex(nobleBackend.sha256(data)))
    expect(toHex(backend.blake2s(data))).toBe(toHex(nobleBackend.blake2s(data)))
    for (const key of [KEY, bytesOf(64, 8), bytesOf(100, 9)]) {
      expect(toHex(backend.hmacSha256(key, data))).toBe(toHex(nobleBackend.hmacSha256(key, data)))
      expect(toHex(backend.hmacBlake2s(key, data))).toBe(toHex(nobleBackend.hmacBlake2s(key, data)))
    }
  })

  test('HMAC-SHA-256 gives the answer of RFC 4231 case 1', () => {
    const answer = backend.hmacSha256(new Uint8Array(20).fill(0x0b), new TextEncoder().encode('Hi There'))
    expect(toHex(answer)).toBe('b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7')
  })
}

function describeCurve25519(backend: CryptoBackend): void {
  test('X25519 agrees with noble', () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const publicKey = backend.x25519PublicKey(bytesOf(32, seed))
      expect(toHex(publicKey)).toBe(toHex(nobleBackend.x25519PublicKey(bytesOf(32, seed))))
      const expected = nobleBackend.x25519(bytesOf(32, seed + 50), publicKey)
      expect(toHex(backend.x25519(bytesOf(32, seed + 50), publicKey)!)).toBe(toHex(expected!))
    }
  })

  test('X25519 with a key of low order has no answer', () => {
    expect(backend.x25519(KEY, new Uint8Array(32))).toBeUndefined()
    expect(backend.x25519(KEY, Uint8Array.of(1, ...new Uint8Array(31)))).toBeUndefined()
  })

  test('Ed25519 signs as noble does and verifies what fits only', () => {
    const publicKey = backend.ed25519PublicKey(KEY)
    expect(toHex(publicKey)).toBe(toHex(nobleBackend.ed25519PublicKey(KEY)))
    const message = bytesOf(42, 10)
    const signature = backend.ed25519Sign(message, KEY)
    expect(toHex(signature)).toBe(toHex(nobleBackend.ed25519Sign(message, KEY)))
    expectVerifies(backend.ed25519Verify, signature, message, publicKey)
  })
}

function describeSecp256k1(backend: CryptoBackend): void {
  test('x-only keys and ECDH agree with noble', () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const x = backend.secp256k1XOnlyPublicKey(bytesOf(32, seed))
      expect(toHex(x)).toBe(toHex(nobleBackend.secp256k1XOnlyPublicKey(bytesOf(32, seed))))
      const expected = nobleBackend.secp256k1XOnlyEcdh(bytesOf(32, seed + 50), x)
      expect(toHex(backend.secp256k1XOnlyEcdh(bytesOf(32, seed + 50), x)!)).toBe(toHex(expected!))
    }
  })

  test('ECDH with an x that is on no point has no answer', () => {
    // x = 5: 5^3 + 7 is no square modulo p. And x = 2^256 - 1 is not below p.
    expect(backend.secp256k1XOnlyEcdh(KEY, Uint8Array.of(...new Uint8Array(31), 5))).toBeUndefined()
    expect(backend.secp256k1XOnlyEcdh(KEY, new Uint8Array(32).fill(0xff))).toBeUndefined()
  })

  test('secrets 0 and n are refused', () => {
    for (const secret of [new Uint8Array(32), GROUP_ORDER]) {
      expect(() => backend.secp256k1XOnlyPublicKey(secret)).toThrow()
    }
  })

  test('Schnorr signs as noble does and verifies what fits only', () => {
    const publicKey = backend.secp256k1XOnlyPublicKey(KEY)
    const message = backend.sha256(bytesOf(42, 11))
    const signature = backend.schnorrSign(message, KEY, bytesOf(32, 12))
    expect(toHex(signature)).toBe(toHex(nobleBackend.schnorrSign(message, KEY, bytesOf(32, 12))))
    expectVerifies(backend.schnorrVerify, signature, message, publicKey)
  })
}

function describeEllswift(backend: CryptoBackend): void {
  test('ElligatorSwift decodes arbitrary bytes as noble does', () => {
    for (const encoding of [
      bytesOf(64, 1),
      bytesOf(64, 2),
      new Uint8Array(64),
      new Uint8Array(64).fill(0xff),
    ]) {
      expect(toHex(backend.ellswiftDecode(encoding))).toBe(toHex(nobleBackend.ellswiftDecode(encoding)))
    }
  })

  test('ElligatorSwift encodes by the randomness given, and each encoding decodes back', () => {
    const x = backend.secp256k1XOnlyPublicKey(KEY)
    const encodings = [1, 2, 3].map((seed) => backend.ellswiftEncode(x, sequence(seed)))
    for (const encoding of encodings) expect(toHex(backend.ellswiftDecode(encoding))).toBe(toHex(x))
    expect(new Set(encodings.map(toHex)).size).toBe(3)
  })
}

type Verify = CryptoBackend['schnorrVerify']

function expectVerifies(
  verify: Verify,
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
): void {
  expect(verify(signature, message, publicKey)).toBe(true)
  for (const at of [0, 31, 32, 63]) {
    const forged = signature.slice()
    forged[at]! ^= 1
    expect(verify(forged, message, publicKey)).toBe(false)
  }
  const otherMessage = message.slice()
  otherMessage[0]! ^= 1
  expect(verify(signature, otherMessage, publicKey)).toBe(false)
  expect(verify(signature, message, bytesOf(32, 77))).toBe(false)
  expect(verify(signature, message, new Uint8Array(32).fill(0xff))).toBe(false)
  expect(verify(signature.subarray(0, 63), message, publicKey)).toBe(false)
}

/** Bytes that look random and are the same in every run. */
function bytesOf(length: number, seed: number): Uint8Array {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

function sequence(seed: number): RandomBytes {
  let draws = seed * 1000
  return (length) => {
    draws += 1
    return bytesOf(length, draws)
  }
}

// Comparing large arrays element by element through `expect` takes seconds.
function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
