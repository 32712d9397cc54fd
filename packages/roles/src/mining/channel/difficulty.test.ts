import { MAX_TARGET, targetToDifficulty } from '@sv2/bitcoin'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { difficultyFor, exactLevel, Ladder } from './difficulty.ts'

test('a hash rate has the difficulty that it meets so often a minute', () => {
  // 2^32 · 65536/65535 hashes a second, once a minute
  expect(difficultyFor(2 ** 48 / 0xffff, 1)).toBe(60)
  expect(difficultyFor(1e12, 12)).toBeCloseTo(1164.1, 0)
})

test('levels are near what is wanted, and shared', () => {
  const ladder = new Ladder(4)
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (difficulty) => {
      const level = ladder.nearest(difficulty)
      expect(Math.abs(Math.log2(level.difficulty / difficulty))).toBeLessThanOrEqual(1 / 8 + 1e-9)
      expect(targetToDifficulty(level.target) / level.difficulty).toBeCloseTo(1, 6)
      expect(ladder.nearest(difficulty)).toBe(level)
      expect(ladder.atMost(difficulty).difficulty).toBeLessThanOrEqual(difficulty * (1 + 1e-9))
    }),
  )
})

test('a ladder of powers of two has no others', () => {
  const ladder = new Ladder(1)
  expect([3, 5, 100].map((difficulty) => ladder.nearest(difficulty).difficulty)).toEqual([4, 4, 128])
})

test('the ends of the ladder are targets too, for any number', () => {
  const ladder = new Ladder(4)
  for (const nothing of [0, 1e-300]) expect(ladder.nearest(nothing).difficulty).toBe(2 ** -32)
  for (const absurd of [Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
    expect(ladder.nearest(absurd).target.some((byte) => byte !== 0)).toBe(true)
    expect(ladder.atMost(absurd)).toBe(ladder.nearest(absurd))
  }
})

test('a target somebody else dictates is a level of its own', () => {
  expect(exactLevel(MAX_TARGET).difficulty).toBeLessThan(2 ** -31)
  expect(exactLevel(new Uint8Array(32)).difficulty).toBe(Number.POSITIVE_INFINITY)
})
