import { expect, test } from 'vitest'
import { LineBudget } from './line-budget.ts'

test('lines of one kind are printed up to their number, and again in the next window, which tells of the others', () => {
  const budget = new LineBudget({ lines: 50, windowMs: 10_000 })
  const printed = (text: string, now: number) =>
    Array.from({ length: 60 }, () => budget.take(text, now).mayPrint).filter(Boolean).length
  expect(printed('channel refused', 0)).toBe(50)
  expect(printed('setup refused', 0)).toBe(50)
  expect(printed('channel refused', 9_999)).toBe(0)
  expect(budget.take('channel refused', 10_000)).toEqual({
    mayPrint: true,
    leftOut: [
      ['channel refused', 70],
      ['setup refused', 10],
    ],
  })
  expect(budget.take('channel refused', 10_000).leftOut).toEqual([])
})

test('texts without end count as one after a while', () => {
  const budget = new LineBudget({ lines: 1, windowMs: 10_000 })
  const printed = Array.from({ length: 5_000 }, (_, n) => budget.take(`text ${n}`, 0).mayPrint).filter(
    Boolean,
  )
  expect(printed).toHaveLength(1_001)
})
