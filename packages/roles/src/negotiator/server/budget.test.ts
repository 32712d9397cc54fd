import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Budget } from './budget.ts'

test('a minute’s worth is there at once, the rest comes back evenly', () => {
  const budget = new Budget(2)
  expect([1, 2, 3].map(() => budget.take(1_000))).toEqual([true, true, false])
  expect(budget.nextAt(1_000)).toBe(31_000)
  expect(budget.take(30_000)).toBe(false)
  expect(budget.take(31_000)).toBe(true)
})

test('at the time it has said there is always one, and never more than a minute’s worth in a minute', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), fc.array(fc.nat(90_000)), (perMinute, pauses) => {
      const budget = new Budget(perMinute)
      let now = 1_767_225_600_000
      for (const pause of pauses) {
        now += pause
        now = budget.nextAt(now)
        expect(budget.take(now)).toBe(true)
      }
      let taken = 0
      while (budget.take(now)) taken++
      expect(taken).toBeLessThanOrEqual(perMinute)
    }),
  )
})
