import { sha256d } from '@sv2/bitcoin'
import { expect, test } from 'vitest'
import { filled } from './_fixtures.ts'
import { permutation } from './permutation.ts'

test.each([8, 16])('every number of %i bits comes once, in no order', (bits) => {
  const at = permutation(filled(1), bits, sha256d)
  const all = Array.from({ length: 2 ** bits }, (_, number) => at(number))
  expect(new Set(all).size).toBe(2 ** bits)
  expect(Math.max(...all)).toBe(2 ** bits - 1)
  expect(all.filter((number, index) => number === index + 1).length).toBeLessThan(10)
})

test.each([24, 32])('numbers of %i bits stay within them, and do not repeat', (bits) => {
  const at = permutation(filled(1), bits, sha256d)
  const some = Array.from({ length: 2_000 }, (_, number) => at(2 ** bits - 1 - number))
  expect(new Set(some).size).toBe(some.length)
  expect(some.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** bits)).toBe(true)
})

test('another secret is another order', () => {
  const [one, other] = [permutation(filled(1), 32, sha256d), permutation(filled(2), 32, sha256d)]
  expect(one(1)).not.toBe(other(1))
})
