import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aTip, filled } from './_fixtures.ts'
import { CreditedHashes } from './credited-hashes.ts'

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

  test('when there is no room for more it says so, and still knows the ones it has', () => {
    const hashes = new CreditedHashes(3)
    const tip = aTip()
    expect([1, 2, 3, 4].map((number) => hashes.add(tip, number))).toEqual(['new', 'new', 'new', 'full'])
    expect(hashes.add(tip, 2)).toBe('known')
    // the oldest of five tips is forgotten, and its room with it
    for (const byte of [1, 2, 3]) hashes.add(aTip({ prevHash: filled(byte) }), 9)
    expect(hashes.add(aTip({ prevHash: filled(4) }), 9)).toBe('new')
  })

  test('whoever still works on a tip that four others came after is not paid twice', () => {
    const hashes = new CreditedHashes()
    const tip = aTip()
    hashes.add(tip, 9)
    for (const byte of [1, 2, 3, 4, 5]) hashes.add(aTip({ prevHash: filled(byte) }), 9)
    expect(hashes.add(tip, 9)).toBe('known')
  })

  test('it says what a set would for each tip, whatever comes in what order, and keeps no more than its most', () => {
    // keys of few bits, and equal ones in the low bits: they stand in each other's places
    const keys = fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }).map((n) => n * 2 ** 32 + 1),
      fc.integer({ min: 1, max: 2 ** 52 - 1 }),
    )
    const adds = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), keys), { maxLength: 400 })
    fc.assert(
      fc.property(adds, fc.integer({ min: 1, max: 300 }), (added, most) => {
        const tips = [0, 1, 2, 3].map((byte) => aTip({ prevHash: filled(byte) }))
        const hashes = new CreditedHashes(most)
        const model = tips.map(() => new Set<number>())
        let size = 0
        for (const [tip, each] of added) {
          const isKnown = model[tip]!.has(each)
          expect(hashes.has(tips[tip]!, each)).toBe(isKnown)
          const expected = isKnown ? 'known' : size < most ? 'new' : 'full'
          expect(hashes.add(tips[tip]!, each)).toBe(expected)
          if (expected !== 'new') continue
          model[tip]!.add(each)
          size++
        }
      }),
    )
  })
})
