import { expect, test } from 'vitest'
import { MeasuredHashrate } from './hashrate.ts'

test('a steady rate is measured as it is', () => {
  const measured = new MeasuredHashrate()
  expect(measured.hashrate).toBe(0)
  measured.add(0, 0)
  for (let second = 1; second <= 20; second++) measured.add(5_000, second * 1_000)
  expect(measured.hashrate).toBeCloseTo(5_000)
})

test('a change shows within some seconds', () => {
  const measured = new MeasuredHashrate()
  for (let second = 0; second <= 60; second++) measured.add(1_000, second * 1_000)
  for (let second = 61; second <= 90; second++) measured.add(4_000, second * 1_000)
  expect(measured.hashrate).toBeGreaterThan(3_700)
})
