import { sha256, sipHashKey } from '@sv2/bitcoin'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HashIndex } from './hash-index.ts'
import { HashList } from './hash-list.ts'

const key = sipHashKey(new Uint8Array(16))

test('whatever was added and removed, just what is left is found, at its place', () => {
  const step = fc.record({ place: fc.nat({ max: 15 }), adds: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const hashes = Array.from({ length: 16 }, (_, place) => sha256(Uint8Array.of(place)))
      const index = new HashIndex(HashList.of(hashes), key)
      const left = new Set<number>()
      for (const { place, adds } of steps) {
        if (adds) expect(index.add(place)).toBe(!left.has(place))
        else index.remove(place)
        if (adds) left.add(place)
        else left.delete(place)
        expect(hashes.map((hash) => index.find(hash))).toEqual(
          hashes.map((_, at) => (left.has(at) ? at : undefined)),
        )
      }
    }),
  )
})

test('a hash that stands at two places is found at the first, and the second is told', () => {
  const hash = sha256(Uint8Array.of(1))
  const index = new HashIndex(HashList.of([hash, hash]), key)
  expect([index.add(0), index.add(1)]).toEqual([true, false])
  index.remove(1)
  expect(index.find(hash)).toBe(0)
})

test('a list without hashes is searched as well', () => {
  expect(new HashIndex(new HashList(0), key).find(sha256(Uint8Array.of(1)))).toBeUndefined()
})

test('hashes of another size than the list’s are an error', () => {
  expect(() => HashList.of([new Uint8Array(31)])).toThrow(RangeError)
})
