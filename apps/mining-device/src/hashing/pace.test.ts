import { describe, expect, test } from 'vitest'
import { Pace } from './pace.ts'

/** Runs a thread that can do `able` H/s on virtual time. Answers the hashes it did. */
function run(pace: Pace, seconds: number, able: number): number {
  let now = 0
  let sum = 0
  while (now < seconds * 1000) {
    const hashes = pace.next(now)
    if (hashes === 0) {
      // Timers are late, never early.
      now += Math.ceil(pace.restMs) + 0.4
      continue
    }
    const took = (hashes * 1000) / able
    pace.done(hashes, took)
    now += took
    sum += hashes
  }
  return sum
}

describe('Pace', () => {
  test.each([0.5, 5, 10, 333, 1000, 100_000])('keeps to a cap of %d H/s within 3 %%', (cap) => {
    const seconds = 200
    const rate = run(new Pace(cap, 0), seconds, 1_000_000) / seconds
    expect(rate).toBeGreaterThan(cap * 0.97)
    expect(rate).toBeLessThan(cap * 1.03)
  })

  test('without a cap, or with one out of reach, a thread does what it can', () => {
    for (const cap of [Number.POSITIVE_INFINITY, 10_000_000]) {
      expect(run(new Pace(cap, 0), 10, 50_000) / 10).toBeGreaterThan(49_000)
    }
  })

  test.each([100, 50_000, 3_000_000])('stretches of a thread of %d H/s settle at a few ms', (able) => {
    const pace = new Pace(Number.POSITIVE_INFINITY, 0)
    run(pace, 30, able)
    const ms = (pace.next(0) * 1000) / able
    expect(ms).toBeLessThanOrEqual(Math.max(8, 1000 / able))
    expect(ms).toBeGreaterThan(1)
  })

  test('a long time without work is not made up for', () => {
    const pace = new Pace(100, 0)
    pace.restart(3_600_000)
    expect(pace.next(3_600_000)).toBe(0)
    expect(pace.restMs).toBeCloseTo(10)
  })

  test('a thread that was kept from working makes up for a second, no more', () => {
    const pace = new Pace(100, 0)
    expect(pace.next(60_000)).toBe(100)
  })
})
