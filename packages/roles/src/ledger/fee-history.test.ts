import { expect, test } from 'vitest'
import { FeeHistory, MOST_FEE_BLOCKS } from './fee-history.ts'

/** Fees of 10, 20, … at heights 101, 102, … */
function aHistory(blocks: number): FeeHistory {
  const fees = new FeeHistory()
  for (let n = 1; n <= blocks; n++) fees.add(100 + n, BigInt(10 * n))
  return fees
}

test('the average is that of the last heights below the present one', () => {
  expect(aHistory(6).average(106, 3)).toBe(40n)
  expect(aHistory(6).average(107, 1)).toBe(60n)
  expect(aHistory(6).average(107, 144)).toBe(35n)
})

test('of a height, the richest template counts, in whatever order they come', () => {
  const fees = aHistory(2)
  fees.add(102, 5n)
  expect(fees.average(103, 1)).toBe(20n)
  fees.add(102, 90n)
  expect(fees.average(103, 1)).toBe(90n)
})

test('a height without a job does not count, and before the first one there is no average', () => {
  const fees = aHistory(1)
  fees.add(105, 30n)
  expect(fees.average(106, 5)).toBe(20n)
  expect(fees.average(101, 5)).toBeUndefined()
  expect(new FeeHistory().average(101, 5)).toBeUndefined()
})

test('no more heights are kept than an average is made of', () => {
  expect(aHistory(3 * MOST_FEE_BLOCKS).state).toHaveLength(MOST_FEE_BLOCKS + 1)
})
