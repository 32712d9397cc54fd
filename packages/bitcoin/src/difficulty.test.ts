import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blocksFile, describeVectors, jobsFile } from './_fixtures.ts'
import { displayHash } from './bytes.ts'
import {
  difficultyToTarget,
  hashesPerShare,
  hashrateToTarget,
  hashToDifficulty,
  targetToDifficulty,
  targetToHashrate,
} from './difficulty.ts'
import { DIFFICULTY_ONE_TARGET, MAX_TARGET, meetsTarget, nbitsToTarget } from './target.ts'

describeVectors('published difficulties', () => {
  // A set sign bit makes the compact form negative, which this package refuses; Core's display code ignores it.
  const byNbits = blocksFile.difficulty.filter((vector) => vector.nbits !== undefined && !vector.sign_bit_set)
  test.each(byNbits)('$id', (vector) => {
    const difficulty = targetToDifficulty(nbitsToTarget(Number.parseInt(vector.nbits!, 16)))
    const tolerance = vector.tolerance ?? vector.difficulty! * 1e-12
    expect(Math.abs(difficulty - vector.difficulty!)).toBeLessThanOrEqual(tolerance)
  })

  const byPool = blocksFile.difficulty.filter((vector) => vector.pool_difficulty !== undefined)
  test.each(byPool)('$id gives the published target', (vector) => {
    expect(displayHash(difficultyToTarget(vector.pool_difficulty!))).toBe(vector.target)
  })

  test.each(jobsFile.hashrate_targets)('hashrate target $id', (vector) => {
    expect(displayHash(hashrateToTarget(vector.hash_rate_hs, vector.shares_per_minute))).toBe(vector.target)
  })
})

test('difficulty 1 is its own target, a half doubles it', () => {
  expect(difficultyToTarget(1)).toEqual(DIFFICULTY_ONE_TARGET)
  expect(displayHash(difficultyToTarget(0.5)).slice(0, 12)).toBe('00000001fffe')
})

test('difficulty and target agree within a double, for fractions as well', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e18, noNaN: true }), (difficulty) => {
      expect(targetToDifficulty(difficultyToTarget(difficulty)) / difficulty).toBeCloseTo(1, 9)
    }),
  )
})

test('a higher difficulty never has a larger target', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-9, max: 1e15, noNaN: true }),
      fc.double({ min: 1, max: 100, noNaN: true }),
      (low, factor) => {
        expect(meetsTarget(difficultyToTarget(low * factor), difficultyToTarget(low))).toBe(true)
      },
    ),
  )
})

test('hashrate and target are inverse at a given share rate', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 1e21, noNaN: true }),
      fc.double({ min: 0.1, max: 1000, noNaN: true }),
      (rate, shares) => {
        const hashes = (rate * 60) / shares
        // s hashes a share give a target of about 2^256 / (s + 1)
        expect(hashesPerShare(hashrateToTarget(rate, shares)) / (hashes + 1)).toBeCloseTo(1, 9)
        expect(targetToHashrate(hashrateToTarget(rate, shares), shares) / (rate + shares / 60)).toBeCloseTo(
          1,
          9,
        )
      },
    ),
  )
})

test('extremes are clamped and nonsense is refused', () => {
  expect(difficultyToTarget(1e-12)).toEqual(MAX_TARGET)
  expect(hashrateToTarget(0, 10)).toEqual(MAX_TARGET)
  expect(hashrateToTarget(1e90, 1)).toEqual(new Uint8Array(32))
  expect(hashesPerShare(MAX_TARGET)).toBe(1)
  expect(targetToDifficulty(new Uint8Array(32))).toBe(Number.POSITIVE_INFINITY)
  for (const nonsense of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => difficultyToTarget(nonsense)).toThrow(RangeError)
    expect(() => hashrateToTarget(1, nonsense)).toThrow(RangeError)
  }
  expect(() => hashrateToTarget(-1, 1)).toThrow(RangeError)
})

test('the difficulty of a hash is that of the target it just meets, as near as a double tells', () => {
  const hashes = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .filter((hash) => hash.some((byte) => byte > 0))
  const zeros = fc.nat({ max: 31 })
  fc.assert(
    fc.property(hashes, zeros, (random, count) => {
      const hash = random.slice().fill(0, 32 - count)
      fc.pre(hash.some((byte) => byte > 0))
      const exact = targetToDifficulty(hash)
      expect(Math.abs(hashToDifficulty(hash) - exact)).toBeLessThanOrEqual(exact * 1e-11)
    }),
  )
  expect(hashToDifficulty(new Uint8Array(32))).toBeGreaterThan(2 ** 200)
})
