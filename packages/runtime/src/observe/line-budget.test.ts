import { expect, test } from 'vitest'
import { LineBudget } from './line-budget.ts'

test('lines of one kind are printed up to their number, and again in the next window', () => {
  const budget = new LineBudget()
  const printed = (text: string, now: number) =>
    Array.from({ length: 60 }, () => budget.take(text, now)).filter(Boolean).length
  expect(printed('channel refused', 0)).toBe(50)
  expect(printed('setup refused', 0)).toBe(50)
  expect(printed('channel refused', 9_999)).toBe(0)
  expect(printed('channel refused', 10_000)).toBe(50)
})
