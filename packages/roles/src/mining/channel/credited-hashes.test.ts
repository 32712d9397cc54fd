import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aTip, filled } from './_fixtures.ts'
import { CreditedHashes, MAX_CREDITED_HASHES } from './credited-hashes.ts'

/** Parts of hashes: spread, and all different. */
const key = (number: number): number => ((number * 0x9e37_79b1) >>> 0) * 2 ** 20 + number + 1

describe('credited hashes', () => {
  test('a hash is new once on a tip, whatever object says which tip', () => {
    const hashes = new CreditedHashes()
    const all = Array.from({ length: 5_000 }, (_, number) => key(number))
    expect(all.map((each) => hashes.add(aTip(), each))).toEqual(all.map(() => 'new'))
    expect(all.map((each) => hashes.add(aTip({ minNtime: 1 }), each))).toEqual(all.map(() => 'known'))
    expect(hashes.add(aTip({ prevHash: filled(1) }), all[0]!)).toBe('new')
  })

  test('when there is no room for more of a tip it says so, and still knows the ones it has', () => {
    const hashes = new CreditedHashes(3)
    const tip = aTip()
    expect([1, 2, 3, 4].map((number) => hashes.add(tip, number))).toEqual(['new', 'new', 'new', 'full'])
    expect(hashes.add(tip, 2)).toBe('known')
  })

  test('a tip has all the room: earlier ones are forgotten for it, and no more of them than need be', () => {
    const hashes = new CreditedHashes(4)
    const at = (byte: number) => aTip({ prevHash: filled(byte) })
    for (const byte of [1, 2]) for (const number of [1, 2]) hashes.add(at(byte), number)
    expect(hashes.add(at(3), 1)).toBe('new')
    expect(hashes.add(at(2), 1)).toBe('known')
    expect([2, 3, 4, 5].map((number) => hashes.add(at(3), number))).toEqual(['new', 'new', 'new', 'full'])
    expect(hashes.add(at(3), 1)).toBe('known')
  })

  test('they take 512 MiB at most, at the 16 bytes that a hash takes where there are most', () => {
    expect(MAX_CREDITED_HASHES * 16).toBe(512 * 1024 ** 2)
  })

  test('four tips are remembered, and the one before them is not', () => {
    const hashes = new CreditedHashes()
    const at = (byte: number) => aTip({ prevHash: filled(byte) })
    for (const byte of [1, 2, 3, 4, 5]) hashes.add(at(byte), 9)
    expect([5, 4, 3, 2].map((byte) => hashes.has(at(byte), 9))).toEqual([true, true, true, true])
    expect(hashes.has(at(1), 9)).toBe(false)
  })

  test('whoever still works on a tip that four others came after is not paid twice', () => {
    const hashes = new CreditedHashes()
    const tip = aTip()
    hashes.add(tip, 9)
    for (const byte of [1, 2, 3, 4, 5]) hashes.add(aTip({ prevHash: filled(byte) }), 9)
    expect(hashes.add(tip, 9)).toBe('known')
  })

  test('it says what a set for each tip would, whatever comes in what order', () => {
    // keys of few bits, and equal ones in the low bits: they stand in each other's places
    const keys = fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }).map((n) => n * 2 ** 32 + 1),
      fc.integer({ min: 1, max: 2 ** 52 - 1 }),
    )
    const adds = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), keys), { maxLength: 400 })
    fc.assert(
      fc.property(adds, fc.integer({ min: 1, max: 300 }), (added, most) => {
        const hashes = new CreditedHashes(most)
        const model = new Map<number, Set<number>>()
        const size = () => [...model.values()].reduce((sum, set) => sum + set.size, 0)
        for (const [byte, each] of added) {
          const set = model.get(byte) ?? new Set()
          model.set(byte, set)
          if (model.size > 4) model.delete([...model.keys()][0]!)
          for (const other of [...model.keys()]) if (other !== byte && size() >= most) model.delete(other)
          const expected = set.has(each) ? 'known' : size() < most ? 'new' : 'full'
          // a tip that is told again is another object
          expect(hashes.add(aTip({ prevHash: filled(byte) }), each)).toBe(expected)
          if (expected === 'new') set.add(each)
          expect(hashes.has(aTip({ prevHash: filled(byte) }), each)).toBe(expected !== 'full')
        }
      }),
    )
  })
})
