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
})
