import { coinbaseRoots, merkleRootFromPath, sha256d } from '@sv2/bitcoin'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fastSha256d } from './fast-sha256d.ts'

describe('fastSha256d', () => {
  test('gives the reference’s answer for every length around every block boundary', () => {
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 167 + (i >> 3)) & 0xff)
    const lengths = [...Array.from({ length: 600 }, (_, i) => i), 1023, 1024, 4999, 5000]
    for (const length of lengths) {
      const data = bytes.subarray(length % 7, length)
      expect(fastSha256d(data), `${length} bytes`).toEqual(sha256d(data))
    }
  })

  test('a digest is the caller’s own: the next call does not change it', () => {
    for (const length of [80, 1000]) {
      const first = fastSha256d(new Uint8Array(length))
      const copy = Uint8Array.from(first)
      fastSha256d(new Uint8Array(length).fill(1))
      expect(first).toEqual(copy)
    }
  })

  test('takes a view into a larger buffer for what it shows', () => {
    const buffer = Uint8Array.from({ length: 100 }, (_, i) => i)
    expect(fastSha256d(buffer.subarray(13, 93))).toEqual(sha256d(buffer.slice(13, 93)))
  })

  test('a whole merkle path in one call has the root of the reference, and the nodes stay as they are', () => {
    const node = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(node, fc.array(node, { maxLength: 14 }), (leaf, path) => {
        const before = [leaf, ...path].map((each) => each.slice())
        expect(merkleRootFromPath(leaf, path, fastSha256d)).toEqual(merkleRootFromPath(leaf, path, sha256d))
        expect([leaf, ...path]).toEqual(before)
      }),
    )
  })

  const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
  const aWork = fc.record({
    coinbaseTxPrefix: fc.uint8Array({ maxLength: 150 }),
    coinbaseTxSuffix: fc
      .tuple(fc.uint8Array({ maxLength: 30 }), fc.constantFrom(0, 100, 400, 900, 1000, 1100, 3000))
      .map(([end, size]) => Uint8Array.from([...new Uint8Array(size).fill(7), ...end])),
    merklePath: fc.array(bytes(32), { maxLength: 14 }),
  })

  test('roots of one to many extranonces of a work are those of the reference, whatever was hashed before', () => {
    const someWorks = fc.array(aWork, { minLength: 1, maxLength: 3 })
    const calls = fc.array(
      fc.tuple(fc.nat(), fc.integer({ min: 0, max: 32 }), fc.integer({ min: 1, max: 9 }), bytes(9)),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(someWorks, calls, (works, wanted) => {
        for (const [which, size, count, seed] of wanted) {
          const work = works[which % works.length]!
          const extranonces = seed.subarray(0, count)
          const rolled = Array.from(extranonces, (byte) => new Uint8Array(size).fill(byte))
          expect(coinbaseRoots(work, rolled, fastSha256d)).toEqual(coinbaseRoots(work, rolled, sha256d))
          expect(fastSha256d(seed)).toEqual(sha256d(seed))
          if (which % 2 === 0) merkleRootFromPath(sha256d(seed), [sha256d(seed)], fastSha256d)
        }
      }),
    )
  })

  test('a path as long as the wire allows', () => {
    const work = {
      coinbaseTxPrefix: new Uint8Array(60).fill(1),
      coinbaseTxSuffix: new Uint8Array(60).fill(2),
      merklePath: Array.from({ length: 255 }, (_, level) => new Uint8Array(32).fill(level)),
    }
    const rolled = [3, 4].map((byte) => new Uint8Array(8).fill(byte))
    expect(coinbaseRoots(work, rolled, fastSha256d)).toEqual(coinbaseRoots(work, rolled, sha256d))
  })

  test.each([
    ['the leaf', [31, 32, 32]],
    ['a sibling', [32, 32, 33]],
  ])('%s of another size than 32 bytes is an error', (_, sizes) => {
    const [leaf, ...path] = sizes.map((size) => new Uint8Array(size))
    expect(() => merkleRootFromPath(leaf!, path, fastSha256d)).toThrow(RangeError)
  })
})
