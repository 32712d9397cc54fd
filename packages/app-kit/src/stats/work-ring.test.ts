import { expect, test } from 'vitest'
import { WorkRing } from './work-ring.ts'

const START = 1_700_000_000_000
const MINUTE = 60_000
const HASHES = 2 ** 32

function filled(minutes: number): WorkRing {
  const ring = new WorkRing(61, MINUTE)
  for (let second = 0; second < minutes * 60; second++) ring.add(1, START + second * 1000)
  return ring
}

test('a steady miner has its rate over ten minutes and over an hour', () => {
  const ring = filled(70)
  const now = START + 70 * MINUTE
  expect(ring.hashrate(10 * MINUTE, now) / HASHES).toBeCloseTo(1, 1)
  expect(ring.hashrate(60 * MINUTE, now) / HASHES).toBeCloseTo(1, 1)
})

test('a miner that came a moment ago is judged over the time since it came, but over a minute at least', () => {
  const ring = new WorkRing(61, MINUTE)
  ring.add(60, START)
  expect(ring.hashrate(60 * MINUTE, START + 1) / HASHES).toBeCloseTo(1, 5)
  expect(filled(3).hashrate(60 * MINUTE, START + 3 * MINUTE) / HASHES).toBeCloseTo(1, 1)
})

test('long slices do not make a young miner look slow', () => {
  const ring = new WorkRing(145, 10 * MINUTE)
  for (let second = 0; second < 120; second++) ring.add(1, START + second * 1000)
  expect(ring.hashrate(24 * 60 * MINUTE, START + 2 * MINUTE) / HASHES).toBeCloseTo(1, 1)
})

test('what is older than the ring is forgotten', () => {
  const ring = filled(10)
  expect(ring.hashrate(10 * MINUTE, START + 25 * MINUTE)).toBe(0)
  expect(ring.hashrate(60 * MINUTE, START + 25 * MINUTE)).toBeGreaterThan(0)
  expect(ring.hashrate(60 * MINUTE, START + 24 * 60 * MINUTE)).toBe(0)
})

test('its history is one point for each full slice since the first share', () => {
  const points = filled(5).history(START + 5 * MINUTE + 1)
  expect(points.length).toBeGreaterThanOrEqual(5)
  expect(points[1]!.hashrate / HASHES).toBeCloseTo(1, 5)
  expect(points.every(({ at }) => at % MINUTE === 0)).toBe(true)
  expect(filled(200).history(START + 200 * MINUTE)).toHaveLength(60)
})

test('before the first share there is neither rate nor history', () => {
  const ring = new WorkRing(11, MINUTE)
  expect([ring.hashrate(MINUTE, START), ring.history(START)]).toEqual([0, []])
})

test('a clock that goes back counts the share in the newest slice', () => {
  const ring = filled(2)
  ring.add(60, START - MINUTE)
  expect(ring.hashrate(10 * MINUTE, START + 2 * MINUTE)).toBeGreaterThan(0)
})

test.each([
  ['back', -1],
  ['forward', 1],
])('a clock that jumps an hour %s makes no rate that is not one, and the ring counts on', (_, way) => {
  const ring = filled(70)
  const jumped = START + 70 * MINUTE + way * 60 * MINUTE
  for (let second = 0; second < 1_200; second++) {
    const now = jumped + second * 1000
    ring.add(1, now)
    for (const overMs of [10 * MINUTE, 60 * MINUTE]) {
      const rate = ring.hashrate(overMs, now) / HASHES
      expect(rate).toBeGreaterThanOrEqual(0)
      expect(rate).toBeLessThan(100)
    }
    for (const { hashrate } of ring.history(now)) expect(hashrate / HASHES).toBeLessThanOrEqual(21)
  }
  const later = START + 200 * MINUTE
  for (let second = 0; second < 1_200; second++) ring.add(1, later + second * 1000)
  expect(ring.hashrate(10 * MINUTE, later + 20 * MINUTE) / HASHES).toBeCloseTo(1, 1)
})
