import { expect, test } from 'vitest'
import { createRegistry } from '../monitoring.ts'
import { join, share, testedStats } from '../stats/_stats-fixtures.ts'
import { observeWorkers } from './workers.ts'

test('workers get series of their own, so many and no more, with names fit for a page', async () => {
  const { stats, clock } = testedStats()
  const registry = createRegistry('pool')
  observeWorkers(stats, registry, { most: 2, now: () => clock.now })
  join(stats, 1, { user: 'alice', worker: 'rig"1\n' })
  join(stats, 2, { user: 'alice', worker: 'rig2' })
  join(stats, 3, { user: 'bob', worker: 'late' })
  share(stats, 1)
  clock.now += 5_000
  const text = await registry.metrics()
  expect(text).toMatch(/sv2_worker_shares_accepted\{account="alice",worker="rig\\"1[^"]*",app="pool"\} 1/)
  expect(text).toContain('sv2_worker_last_share_seconds{account="alice",worker="rig2",app="pool"} 5')
  expect(text).not.toContain('late')
})
