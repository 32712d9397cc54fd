import { nobleBackend } from '@sv2/noise'
import { describe, expect, test } from 'vitest'
import { decodeEllswift, encodeEllswift } from './ellswift.ts'

/** Bytes that look random and are the same in every run. */
function bytesOf(length: number, seed: number): Uint8Array {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

function sequence(seed: number) {
  let draws = seed * 1000
  return (length: number): Uint8Array => bytesOf(length, draws++)
}

const P = 2n ** 256n - 2n ** 32n - 977n
const bytes32 = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
const both = (u: bigint, t: bigint): Uint8Array => Uint8Array.of(...bytes32(u), ...bytes32(t))

describe('ElligatorSwift', () => {
  test('encodes as noble does, draw for draw, in all eight cases', () => {
    const cases = new Set<number>()
    for (let seed = 1; seed <= 60; seed++) {
      const x = nobleBackend.secp256k1XOnlyPublicKey(bytesOf(32, seed))
      let last = 0
      const draw = sequence(seed)
      const encoding = encodeEllswift(x, (length) => {
        const bytes = draw(length)
        last = bytes[32]! & 7
        return bytes
      })
      cases.add(last)
      expect(encoding).toEqual(nobleBackend.ellswiftEncode(x, sequence(seed)))
      expect(decodeEllswift(encoding)).toEqual(x)
    }
    expect(cases.size).toBe(8)
  })

  test('decodes arbitrary bytes as noble does', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const encoding = bytesOf(64, seed)
      expect(decodeEllswift(encoding)).toEqual(nobleBackend.ellswiftDecode(encoding))
    }
  })

  // u³ + t² + 7 = 0 is one of the cases that BIP 324 remaps: (P − 2)³ + 1 + 7 = 0.
  test.each<[string, Uint8Array]>([
    ['u = 0', both(0n, 5n)],
    ['t = 0', both(5n, 0n)],
    ['u = t = 0', both(0n, 0n)],
    ['u = p, which is 0', both(P, 5n)],
    ['both above p', both(2n ** 256n - 1n, 2n ** 256n - 2n)],
    ['u³ + t² + 7 = 0', both(P - 2n, 1n)],
    ['u³ + t² + 7 = 0, the other root', both(P - 2n, P - 1n)],
  ])('decodes %s as noble does', (_, encoding) => {
    expect(decodeEllswift(encoding)).toEqual(nobleBackend.ellswiftDecode(encoding))
  })

  test('refuses what is no x-coordinate, and encodings of other lengths', () => {
    expect(() => encodeEllswift(bytes32(5n), sequence(1))).toThrow(RangeError)
    expect(() => encodeEllswift(bytes32(P), sequence(1))).toThrow(RangeError)
    expect(() => decodeEllswift(new Uint8Array(63))).toThrow(RangeError)
  })

  test('a draw of u = 0 is drawn again', () => {
    const x = nobleBackend.secp256k1XOnlyPublicKey(bytesOf(32, 1))
    const draw = sequence(3)
    let first = true
    const encoding = encodeEllswift(x, (length) => {
      const bytes = first ? new Uint8Array(length) : draw(length)
      first = false
      return bytes
    })
    expect(decodeEllswift(encoding)).toEqual(x)
  })
})
