import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsedTokenFile } from '@sv2/app-kit'
import { afterAll, expect, test } from 'vitest'
import { configSchema } from '../config.ts'
import { TokenDesk } from './token-desk.ts'
import { numbersOf, workerConfig, workersOf } from './worker-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'sv2-workers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const aConfig = (over: object = {}) =>
  configSchema.parse({
    payout: { address: 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202' },
    template_provider: { host: '127.0.0.1', noise: false },
    ...over,
  })

test('a token stands for the job that was named first, also after a restart', () => {
  const file = () => new UsedTokenFile(folder, { log: { error: () => undefined } as never, now: 0 })
  const desk = new TokenDesk(file())
  const first = { key: 'aa', job: '01', until: 1_000 }
  expect(desk.claim(first, 0)).toEqual(first)
  expect(desk.claim({ key: 'aa', job: '02', until: 1_000 }, 0)).toEqual(first)
  const again = new TokenDesk(file())
  expect(again.used).toEqual([first])
  expect(again.claim({ key: 'aa', job: '02', until: 1_000 }, 0)).toEqual(first)
})

test('tokens that have expired are forgotten', () => {
  const kept: unknown[] = []
  const desk = new TokenDesk({ used: [], add: (token: unknown) => kept.push(token) } as never)
  for (let n = 0; n < 25_000; n++) desk.claim({ key: n.toString(16), job: '01', until: n }, n)
  expect(kept).toHaveLength(25_000)
  expect(desk.used.length).toBeLessThan(10_001)
})

test('auto is a worker for each core, and one is no worker process', () => {
  expect(workersOf(aConfig({ workers: 'auto' }))).toBe(Math.min(64, availableParallelism()))
  expect(workersOf(aConfig({ workers: 3 }))).toBe(3)
  expect(workersOf(aConfig())).toBe(1)
  for (const workers of [0, 65, 1.5, 'many'])
    expect(() => aConfig({ workers }), String(workers)).toThrow('workers')
})

test('limits of the node are split among the workers, those of an address are not', () => {
  const config = aConfig({
    max_held_mib: 100,
    extranonce: { max_channels: 10, max_channels_per_address: 7 },
    journal: { max_waiting_shares: 9 },
    custom_work: { unchecked_trust_difficulty: 8 },
    listen: [{ host: '127.0.0.1', port: 0, max_connections: 5, max_connections_per_ip: 6 }],
  })
  const one = workerConfig(config, 4)
  expect(one).toMatchObject({
    max_held_mib: 25,
    extranonce: { max_channels: 3, max_channels_per_address: 7 },
    journal: { max_waiting_shares: 3 },
    custom_work: { unchecked_trust_difficulty: 2 },
    listen: [{ max_connections: 2, max_connections_per_ip: 6 }],
  })
  const places = [0, 1, 2, 3, 4].map((place) => numbersOf(place, 4))
  const numbers = places.flatMap(({ first, step }) => [1, 2, 3].map((n) => n * step + first))
  expect(new Set(numbers).size).toBe(15)
})
