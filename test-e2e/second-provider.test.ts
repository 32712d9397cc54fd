import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'

const stack = new ProcessStack('current')
let preferred: AppProcess
let backup: AppProcess
let pool: AppProcess
let device: AppProcess

beforeAll(async () => {
  await stack.startNode()
  const first = await stack.startProvider()
  const second = await stack.startBackupProvider()
  preferred = first.provider
  backup = second.provider
  const started = await stack.startPool(first.url, { backup_template_providers: [{ url: second.url }] })
  pool = started.pool
  device = stack.startDevice(started.url, 'extended')
  await device.logged('shares accepted')
  await backup.logged('client connected')
})
afterAll(() => stack.close())

test('a template provider that is killed costs no miner its work: blocks go by the other one', async () => {
  const [place, devicePlace] = [pool.place, device.place]
  await preferred.kill('SIGKILL')
  await pool.logged('template provider lost; another one is there', place)
  // one of the two is behind the other for a moment after each block
  await pool.logged((line) => line.msg === 'block found' && line.templateId !== undefined, pool.place)
  const { hash } = await pool.logged('block found', pool.place)
  await backup.logged((line) => line.msg === 'block solved; keeping and submitting it' && line.hash === hash)
  await backup.logged((line) => line.hash === hash && line.node !== undefined)
  await device.logged('shares accepted', device.place)
  expect(device.log.slice(devicePlace).filter(({ msg }) => msg === 'channel opened')).toEqual([])
  expect(pool.log.slice(place).filter(({ msg }) => msg === 'miner disconnected')).toEqual([])
})

test('the preferred one gives work again when it is back', async () => {
  const place = pool.place
  await stack.startProvider()
  await pool.logged(
    (line) => line.msg === 'templates come from another provider' && line.provider === 0,
    place,
  )
})
