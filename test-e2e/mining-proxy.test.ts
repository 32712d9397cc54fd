import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess } from './process.ts'
import { type DeviceMode, nominalHashrate, ProcessStack, TAG } from './process-stack.ts'

type EditionName = 'current' | 'draft'

const proxies: AppProcess[] = []

/** A proxy as a process of its own; answers the URL for its miners. */
async function startProxy(
  upstream: string,
  edition: EditionName,
): Promise<{ proxy: AppProcess; url: string }> {
  const proxy = new AppProcess('mining-proxy', {
    data_dir: `${stack.dataDir}/mining-proxy-${proxies.length}`,
    upstreams: [{ url: upstream }],
    return_after_sec: 0.2,
    listen: [{ host: '127.0.0.1', port: 0, edition }],
    monitoring: { port: 0 },
  })
  proxies.push(proxy)
  const { url } = await proxy.logged('listening')
  return { proxy, url: String(url) }
}

let stack: ProcessStack

describe.each([
  { ids: 'PRX-01, PRX-02', proven: 'current', pool: 'current', first: 'current', second: 'current' },
  { ids: 'PRX-01, PRX-02', proven: 'draft', pool: 'draft', first: 'draft', second: 'draft' },
  { ids: 'PRX-01, PRX-02', proven: 'current, draft', pool: 'current', first: 'draft', second: 'current' },
] as const)('a pool of edition $pool, proxies of $first and $second', ({ ids, proven, ...editions }) => {
  let provider: AppProcess
  let pool: AppProcess
  let providerUrl: string
  let upper: { proxy: AppProcess; url: string }
  let lower: { proxy: AppProcess; url: string }
  let devices: readonly { readonly device: AppProcess; readonly mode: DeviceMode }[]

  beforeAll(async () => {
    stack = new ProcessStack(editions.pool)
    await stack.startNode()
    const started = await stack.startProvider()
    provider = started.provider
    providerUrl = started.url
    const running = await stack.startPool(providerUrl)
    pool = running.pool
    upper = await startProxy(running.url, editions.first)
    lower = await startProxy(upper.url, editions.second)
  })
  afterAll(async () => {
    await Promise.all(proxies.splice(0).map((proxy) => proxy.kill('SIGKILL')))
    await stack.close()
  })

  test(`${ids} (${proven}): devices below one proxy and below two find blocks that the node accepts`, async () => {
    devices = [
      { device: stack.startDevice(upper.url, 'standard'), mode: 'standard' },
      { device: stack.startDevice(lower.url, 'grouped'), mode: 'grouped' },
      { device: stack.startDevice(lower.url, 'extended'), mode: 'extended' },
    ]
    await Promise.all(
      devices.map(async ({ device, mode }) => {
        await device.logged('channel opened')
        const opened = await pool.logged(
          (line) => line.msg === 'channel opened' && line.nominalHashrate === nominalHashrate(mode),
        )
        await device.logged('shares accepted')
        const isFound = (hash: unknown): boolean =>
          pool.log.some(
            (line) => line.msg === 'block found' && line.hash === hash && line.channelId === opened.channelId,
          )
        const { hash } = await provider.logged((line) => line.msg === 'block accepted' && isFound(line.hash))
        expect(Buffer.from(stack.node.block(String(hash)) ?? []).includes(TAG)).toBe(true)
      }),
    )
    // all of them came over one connection
    expect(pool.log.filter(({ msg }) => msg === 'miner connected')).toHaveLength(1)
    expect(provider.log.filter(({ msg }) => msg === 'block rejected')).toEqual([])
  })

  if (editions.first === editions.pool) return
  test(`PRX-20 (${proven}): a pool that is killed and comes back costs the devices below nothing but a pause`, async () => {
    const places = devices.map(({ device }) => device.place)
    await pool.kill('SIGKILL')
    await upper.proxy.logged('upstream lost')
    pool = (await stack.startPool(providerUrl)).pool
    const moved = 'channel moved to another upstream'
    await upper.proxy.logged(() => upper.proxy.log.filter(({ msg }) => msg === moved).length === 3)
    await Promise.all(devices.map(({ device }) => device.logged('shares accepted', device.place)))
    for (const [n, { device }] of devices.entries()) {
      const since = device.log.slice(places[n]).map(({ msg }) => msg)
      expect(since).not.toContain('channel closed')
      expect(since).not.toContain('channel opened')
      expect(since).not.toContain('connection closed')
    }
  })
})
