import { expect, test } from 'vitest'
import { RecentWorkers } from './recent-workers.ts'

const MINUTE = 60_000

test('each worker counts once, until ten minutes after its last share', () => {
  const workers = new RecentWorkers()
  workers.see('a', 0)
  workers.see('b', MINUTE)
  workers.see('a', 2 * MINUTE)
  expect(workers.count(11 * MINUTE)).toBe(2)
  expect(workers.count(12 * MINUTE)).toBe(1)
  expect(workers.count(12 * MINUTE + 1)).toBe(0)
})

test('a client that makes names up fills no memory', () => {
  const workers = new RecentWorkers()
  for (let name = 0; name < 2_000; name++) workers.see(`w${name}`, name)
  expect(workers.count(2_000)).toBe(256)
})
