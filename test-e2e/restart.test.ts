import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parsePoolUrl } from '@sv2/noise'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'
import { Relay } from './relay.ts'

const stack = new ProcessStack('current')
let provider: AppProcess
let pool: AppProcess
let device: AppProcess
let relay: Relay
/** The provider, over the relay. */
let providerUrl: string

/** Where the provider keeps what it sent last. */
function newestTemplate(): string {
  const sent = provider.log.findLast(({ msg }) => msg === 'template sent')
  return join(stack.dataDir, 'template-provider', 'templates', `${sent?.templateId}.template`)
}

beforeAll(async () => {
  await stack.startNode()
  const upstream = await stack.startProvider()
  provider = upstream.provider
  const { host, port } = parsePoolUrl(upstream.url)
  relay = await Relay.open({ host, port: port! })
  providerUrl = upstream.url.replace(`:${port}/`, `:${relay.port}/`)
  const started = await stack.startPool(providerUrl)
  pool = started.pool
  device = stack.startDevice(started.url, 'standard')
  await device.logged('shares accepted')
})
afterAll(async () => {
  relay.close()
  await stack.close()
})

test('a pool that was killed and started again gets its miners back, and their shares', async () => {
  const place = device.place
  await pool.kill('SIGKILL')
  await device.logged((line) => line.msg === 'no connection to the server; trying again', place)
  pool = (await stack.startPool(providerUrl)).pool
  await device.logged('channel opened', place)
  await device.logged('shares accepted', place)
})

test('a block found while the provider cannot be reached is sent when it is back', async () => {
  const place = pool.place
  relay.cut()
  await pool.logged('template provider lost; miners stay on the last job', place)
  const { hash } = await pool.logged('block found', pool.place)
  relay.mend()
  await pool.logged('template provider connected', place)
  await provider.logged(
    (line) => line.msg === 'block solved; keeping and submitting it' && line.hash === hash,
  )
  await provider.logged((line) => line.hash === hash && line.node !== undefined)
})

test('a block that was acknowledged while the provider is away outlives the pool', async () => {
  const place = pool.place
  relay.cut()
  await pool.logged('template provider lost; miners stay on the last job', place)
  const { hash } = await pool.logged('block found', pool.place)
  await pool.kill('SIGKILL')
  relay.mend()
  pool = (await stack.startPool(providerUrl)).pool
  await pool.logged('telling of blocks of an earlier run again')
  await provider.logged(
    (line) => line.msg === 'block solved; keeping and submitting it' && line.hash === hash,
  )
  await device.logged('shares accepted', device.place)
})

test('a provider that was killed and started again costs no miner, no share, and no block', async () => {
  await vi.waitFor(() => expect(existsSync(newestTemplate())).toBe(true))
  const [poolPlace, devicePlace] = [pool.place, device.place]
  await provider.kill('SIGKILL')
  await pool.logged('template provider lost; miners stay on the last job', poolPlace)
  const found = await pool.logged('block found', pool.place)
  provider = (await stack.startProvider()).provider
  await provider.logged(
    ({ msg, hash }) => msg === 'block solved; keeping and submitting it' && hash === found.hash,
  )
  await pool.logged('template provider connected', poolPlace)
  await pool.logged('new tip', poolPlace)
  const after = pool.place
  const { hash } = await pool.logged('block found', after)
  await provider.logged(
    (line) => line.msg === 'block solved; keeping and submitting it' && line.hash === hash,
  )
  expect(device.log.slice(devicePlace).filter(({ msg }) => msg === 'channel opened')).toEqual([])
  expect(pool.log.slice(poolPlace).filter(({ msg }) => msg === 'miner disconnected')).toEqual([])
})

test('a node that was stopped and started again costs no connection', async () => {
  const [place, poolPlace] = [provider.place, pool.place]
  await stack.node.stop()
  await provider.logged((line) => line.level === 40 && line.retryMs !== undefined, place)
  await stack.startNode()
  await provider.logged('node is ready', place)
  await provider.logged('block accepted', provider.place)
  expect(pool.log.slice(poolPlace).filter(({ msg }) => msg.startsWith('template provider lost'))).toEqual([])
  expect(pool.log.slice(poolPlace).filter(({ msg }) => msg === 'miner disconnected')).toEqual([])
})
