import { expect, test } from 'vitest'
import { RateCap } from './rate-cap.ts'

test('lets ten seconds worth through at once, and then only as many as time brings', () => {
  const cap = new RateCap(2, 0)
  const taken = Array.from({ length: 25 }, () => cap.take(2, 0)).filter(Boolean)
  expect(taken).toHaveLength(20)
  expect(cap.take(2, 400)).toBe(false)
  expect(cap.take(2, 500)).toBe(true)
  expect(cap.take(2, 500)).toBe(false)
})

test('what has happened already is owed, and so many seconds are to pass', () => {
  const cap = new RateCap(2, 0)
  const owed = Array.from({ length: 26 }, () => cap.owe(2, 0))
  expect([owed[18], owed[19], owed[21], owed[25]]).toEqual([0, 0, 1, 3])
  expect(cap.take(2, 2_900)).toBe(false)
  expect(cap.take(2, 3_600)).toBe(true)
  expect([cap.isUnused(2, 3_600), cap.isUnused(2, 20_000)]).toEqual([false, true])
})

test('is strained when a tenth of the room is used up, until it is back', () => {
  const cap = new RateCap(2, 0)
  for (let at = 0; at < 2; at++) cap.take(2, 0)
  expect(cap.isStrained(2)).toBe(false)
  cap.take(2, 0)
  expect(cap.isStrained(2)).toBe(true)
  cap.take(2, 2_000)
  expect(cap.isStrained(2)).toBe(false)
})

test('a clock that steps back brings nothing', () => {
  const cap = new RateCap(1, 10_000)
  for (let at = 0; at < 10; at++) cap.take(1, 10_000)
  expect(cap.take(1, 5_000)).toBe(false)
})
