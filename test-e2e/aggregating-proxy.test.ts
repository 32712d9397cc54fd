import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'

type EditionName = 'current' | 'draft'

interface RunningProxy {
  readonly proxy: AppProcess
  readonly url: string
}

/** An aggregating proxy as a process of its own. */
async function startProxy(
  stack: ProcessStack,
  upstream: string,
  what: { readonly name: string; readonly edition: EditionName },
): Promise<RunningProxy> {
  const proxy = new AppProcess('mining-proxy', {
    mode: 'aggregating',
    data_dir: `${stack.dataDir}/${what.name}`,
    upstreams: [{ url: upstream, identity: `e2e.${what.name}` }],
    return_after_sec: 0.2,
    difficulty: { shares_per_minute: 600, min_difficulty: 1e-8, start_difficulty: 1e-7 },
    listen: [{ host: '127.0.0.1', port: 0, edition: what.edition }],
    monitoring: { port: 0 },
  })
  const { url } = await proxy.logged('listening')
  return { proxy, url: String(url) }
}

/** What an upstream says of shares that were good a moment ago. */
const LATE = new Set(['stale-share', 'difficulty-too-low'])

/** Waits until so many channels of a proxy have found a block. */
async function blocksOn(proxy: AppProcess, channels: number): Promise<void> {
  const found = (): number =>
    new Set(
      proxy.log
        .filter(({ msg }) => msg === 'block found')
        .map(({ session, channelId }) => `${String(session)}/${String(channelId)}`),
    ).size
  await proxy.logged(() => found() >= channels)
}

describe.each([
  { proven: 'current', pool: 'current', upper: 'current', lower: 'current' },
  { proven: 'draft', pool: 'draft', upper: 'draft', lower: 'draft' },
  { proven: 'current, draft', pool: 'current', upper: 'draft', lower: 'current' },
] as const)(
  'a pool of edition $pool, aggregating proxies of $upper and $lower',
  ({ proven, ...editions }) => {
    const stack = new ProcessStack(editions.pool)
    let provider: AppProcess
    let pool: AppProcess
    let providerUrl: string
    let upper: RunningProxy
    let lower: RunningProxy
    let devices: readonly AppProcess[]

    beforeAll(async () => {
      await stack.startNode()
      const started = await stack.startProvider()
      provider = started.provider
      providerUrl = started.url
      const running = await stack.startPool(providerUrl)
      pool = running.pool
      upper = await startProxy(stack, running.url, { name: 'upper', edition: editions.upper })
      lower = await startProxy(stack, upper.url, { name: 'lower', edition: editions.lower })
    })
    afterAll(async () => {
      await Promise.all([upper, lower].map(({ proxy }) => proxy.kill('SIGKILL')))
      await stack.close()
    })

    test(`PRX-01, PRX-02, PRX-21 (${proven}): devices below one proxy and below two find blocks that the node accepts`, async () => {
      devices = [
        stack.startDevice(upper.url, 'standard'),
        stack.startDevice(lower.url, 'grouped'),
        stack.startDevice(lower.url, 'extended'),
      ]
      await Promise.all(devices.map((device) => device.logged('shares accepted')))
      await blocksOn(lower.proxy, 2)
      await blocksOn(upper.proxy, 2)
      await provider.logged(() => provider.log.filter(({ msg }) => msg === 'block accepted').length >= 3)
      expect(provider.log.filter(({ msg }) => msg === 'block rejected')).toEqual([])
      // the pool sees one channel, whoever works behind it
      expect(pool.log.filter(({ msg }) => msg === 'channel opened')).toHaveLength(1)
      // with a block a second, and a target that changes as often, some shares are late; nothing else is wrong with them
      const refused = [upper, lower].flatMap(({ proxy }) =>
        proxy.log.filter(({ msg, code }) => msg === 'upstream refused a share' && !LATE.has(String(code))),
      )
      expect(refused).toEqual([])
    })

    if (editions.upper === editions.pool) return
    test('a pool that is killed and comes back costs the devices below nothing but a pause', async () => {
      const places = devices.map((device) => device.place)
      await pool.kill('SIGKILL')
      await upper.proxy.logged('upstream lost')
      pool = (await stack.startPool(providerUrl)).pool
      await Promise.all(devices.map((device, n) => device.logged('shares accepted', places[n])))
      await pool.logged('channel opened')
      await blocksOn(upper.proxy, 2)
      for (const [n, device] of devices.entries()) {
        const since = device.log.slice(places[n]).map(({ msg }) => msg)
        expect(since).not.toContain('channel closed')
        expect(since).not.toContain('connection closed')
      }
    })
  },
)
