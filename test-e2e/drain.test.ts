import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'
import { openStandard, setupConnection, TestClient } from './test-client.ts'

describe.each(['current', 'draft'] as const)('ending, edition %s', (edition) => {
  const stack = new ProcessStack(edition)
  let provider: AppProcess
  let pool: AppProcess
  let url: string

  beforeAll(async () => {
    await stack.startNode()
    const upstream = await stack.startProvider()
    provider = upstream.provider
    const started = await stack.startPool(upstream.url)
    pool = started.pool
    url = started.url
  })
  afterAll(() => stack.close())

  test(`DEV-22 (${edition}): a device that is told to end closes its channel first`, async () => {
    const device = stack.startDevice(url, 'standard')
    const { channelId } = await device.logged('channel opened')
    const ending = await device.kill('SIGTERM')
    expect(ending).toMatchObject({ code: 0, stderr: '' })
    const closed = await pool.logged((line) => line.msg === 'channel closed' && line.channelId === channelId)
    const gone = await pool.logged('miner disconnected')
    expect(pool.log.indexOf(closed)).toBeLessThan(pool.log.indexOf(gone))
    expect(gone.channels).toBe(0)
  })

  test(`POOL-63 (${edition}): a pool that is told to end sends its miners on, and exits within 5 s`, async () => {
    const client = await TestClient.connect({ url })
    client.send(setupConnection(), openStandard(), openStandard({ requestId: 2 }))
    await client.next('OpenStandardMiningChannel.Success')
    await client.next('OpenStandardMiningChannel.Success')
    const started = performance.now()
    const ending = pool.kill('SIGTERM')
    expect(await client.next('Reconnect')).toMatchObject({ newHost: '', newPort: 0 })
    expect(await ending).toMatchObject({ code: 0, stderr: '' })
    expect(performance.now() - started).toBeLessThan(5_000)
    expect(client.inbox.filter(({ type }) => type === 'Reconnect')).toEqual([])
    expect(pool.log.filter(({ level }) => level >= 40)).toEqual([])
    expect(pool.log.at(-1)?.msg).toBe('stopped')
  })

  test('a template provider that is told to end exits within 5 s, whatever its node is about', async () => {
    const started = performance.now()
    expect(await provider.kill('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
