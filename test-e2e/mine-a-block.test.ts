import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AppProcess } from './process.ts'
import { type DeviceMode, nominalHashrate, ProcessStack, TAG } from './process-stack.ts'

describe.each(['current', 'draft'] as const)('miners of edition %s', (edition) => {
  const stack = new ProcessStack(edition)
  const devices = new Map<DeviceMode, AppProcess>()
  let provider: AppProcess
  let pool: AppProcess

  beforeAll(async () => {
    await stack.startNode()
    const upstream = await stack.startProvider()
    const started = await stack.startPool(upstream.url)
    provider = upstream.provider
    pool = started.pool
    for (const mode of ['standard', 'grouped', 'extended'] as const) {
      devices.set(mode, stack.startDevice(started.url, mode))
    }
  })
  afterAll(() => stack.close())

  test.each(['standard', 'grouped', 'extended'] as const)(
    `POOL-62 (${edition}): a block found in mode %s becomes part of the node's chain, with our tag in it`,
    async (mode) => {
      const device = devices.get(mode)!
      await device.logged('channel opened')
      const opened = await pool.logged(
        (line) => line.msg === 'channel opened' && line.nominalHashrate === nominalHashrate(mode),
      )
      expect(opened.channelKind).toBe(mode === 'extended' ? 'extended' : 'standard')
      await device.logged('shares accepted')
      const isFound = (hash: unknown): boolean =>
        pool.log.some(
          (line) => line.msg === 'block found' && line.hash === hash && line.session === opened.session,
        )
      const { hash } = await provider.logged(
        ({ msg, ...line }) => msg === 'block accepted' && isFound(line.hash),
      )
      expect(Buffer.from(stack.node.block(String(hash)) ?? []).includes(TAG)).toBe(true)
      await pool.logged((line) => line.msg === 'new tip' && line.prevHash === hash)
    },
  )

  test('the node refused no block of ours, and the devices end well', async () => {
    const endings = await Promise.all([...devices.values()].map((device) => device.kill('SIGTERM')))
    expect(endings.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(provider.log.filter(({ msg }) => msg === 'block rejected')).toEqual([])
    expect(pool.log.filter(({ msg }) => msg === 'miner misbehaved')).toEqual([])
  })
})
