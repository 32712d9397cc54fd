import { describe, expect, test } from 'vitest'
import { hex, publicVectors, queued, seeded, toHex } from './_fixtures.ts'
import { decodeEllswift, encodeEllswift } from './ellswift.ts'
import { nobleBackend } from './noble-backend.ts'
import { secp256k1EllswiftSha256 } from './suites/secp256k1-ellswift-sha256.ts'

interface Vectors {
  readonly decode: readonly { readonly id: string; readonly ellswift: string; readonly x: string }[]
  readonly xswiftec_inv: readonly {
    readonly id: string
    readonly u: string
    readonly x: string
    readonly t: readonly (string | null)[]
  }[]
  readonly ecdh: readonly {
    readonly id: string
    readonly private_ours: string
    readonly ellswift_ours: string
    readonly ellswift_theirs: string
    readonly initiating: boolean
    readonly x_ours?: string
    readonly x_shared?: string
    readonly shared_secret: string
  }[]
}

const vectors = publicVectors<Vectors>('bip324-ellswift.json')
const reason = vectors === undefined ? ' (skipped: shared vectors are not at hand)' : ''

describe.skipIf(vectors === undefined)(`BIP 324 vectors${reason}`, () => {
  test('every encoding decodes to its x', () => {
    for (const { id, ellswift, x } of vectors!.decode) {
      expect([id, toHex(decodeEllswift(hex(ellswift)))]).toEqual([id, x])
    }
  })

  test('every case of the inverse is found by a draw of it, and no other', () => {
    const x0 = hex('c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5')
    for (const { id, u, x, t } of vectors!.xswiftec_inv) {
      for (const [ellCase, expected] of t.entries()) {
        // The draw asked for, then a seeded source for the cases that have no inverse.
        const later = seeded(9)
        let first = true
        const encoding = encodeEllswift(hex(x), (length) => {
          if (!first) return later(length)
          first = false
          return Uint8Array.of(...hex(u), ellCase)
        })
        const found = toHex(encoding.subarray(0, 32)) === u ? toHex(encoding.subarray(32)) : null
        expect([id, ellCase, found]).toEqual([id, ellCase, expected])
        expect(toHex(decodeEllswift(encoding))).toBe(x)
      }
    }
    expect(toHex(decodeEllswift(encodeEllswift(x0, seeded(3))))).toBe(toHex(x0))
  })

  test('SEC-16 (current): the shared secret has the initiator’s encoding first, on both sides', () => {
    for (const vector of vectors!.ecdh) {
      const suite = secp256k1EllswiftSha256({
        ...nobleBackend,
        ellswiftEncode: () => hex(vector.ellswift_ours),
      })
      const ours = suite.keyPair(hex(vector.private_ours), queued())
      const theirs = suite.publicKey(hex(vector.ellswift_theirs))
      const shared = toHex(nobleBackend.secp256k1XOnlyEcdh(ours.secret, theirs.key)!)
      // The vectors of libsecp256k1 do not print the two x-coordinates.
      expect([toHex(ours.key), shared]).toEqual([vector.x_ours ?? toHex(ours.key), vector.x_shared ?? shared])
      const role = vector.initiating ? 'initiator' : 'responder'
      expect(toHex(suite.dh(ours, theirs, role))).toBe(vector.shared_secret)
    }
  })
})

test('a number that is no x-coordinate is not encoded', () => {
  expect(() => encodeEllswift(Uint8Array.of(...new Uint8Array(31), 5), seeded(1))).toThrow(RangeError)
})

test('u = 0, which the decoder would remap, is drawn again', () => {
  const x = nobleBackend.secp256k1XOnlyPublicKey(new Uint8Array(32).fill(1))
  const later = seeded(4)
  let draws = 0
  const encoding = encodeEllswift(x, (length) => {
    draws += 1
    return draws === 1 ? new Uint8Array(length) : later(length)
  })
  expect(toHex(decodeEllswift(encoding))).toBe(toHex(x))
  expect(encoding.subarray(0, 32).every((byte) => byte === 0)).toBe(false)
})
