import { createServer } from 'node:net'
import { hex } from '@sv2/bitcoin'
import { miningDevice } from '@sv2/mining-device'
import { type PoolCounts, pool } from '@sv2/pool'
import { type RegtestNode, startRegtestNode } from '@sv2/regtest-node'
import {
  type App,
  type BaseConfig,
  createLogger,
  createRegistry,
  type Scope,
  systemClock,
} from '@sv2/runtime'
import { templateProvider } from '@sv2/template-provider'
import type { StackOptions } from './options.ts'

/** What runs where. */
export interface Stack {
  readonly node: RegtestNode
  readonly minerUrls: readonly string[]
  readonly providerUrls: readonly string[]
  readonly poolMonitoring: string
  readonly providerMonitoring: string
  readonly counts: () => PoolCounts
  /** Blocks with our tag that are in the active chain. */
  readonly ownBlocks: () => number
}

/** Text in the coinbase by which our blocks are known again. */
const TAG = '/sv2 dev-stack/'
/** A regtest address of nobody: the demo's coins are worth nothing. */
const PAYOUT = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'

/** Starts node, template provider, pool and devices, each as its own app on its own sockets. */
export async function startStack(
  options: StackOptions,
  how: { readonly scope: Scope; readonly dataDir: string; readonly progress: (text: string) => void },
): Promise<Stack> {
  const { scope, dataDir, progress } = how
  progress('starting the regtest node')
  const node = await startRegtestNode({
    difficulty: options.difficulty,
    mempoolRate: options.transactions,
    cookieFile: `${dataDir}/.cookie`,
  })
  scope.own('node', () => node.stop())
  const own = countOwnBlocks(node)
  const start = starter(options, scope)

  progress('starting the template provider')
  const provider = await start(templateProvider, {
    network: 'regtest',
    data_dir: `${dataDir}/template-provider`,
    template_interval_sec: 5,
    nodes: [{ url: node.url, cookie_file: `${dataDir}/.cookie` }],
    listen: [{ host: '127.0.0.1', port: await freePort(18_336), edition: options.edition }],
    monitoring: { port: await freePort(9_094) },
  })
  progress('starting the pool')
  const running = await start(pool, {
    network: 'regtest',
    data_dir: `${dataDir}/pool`,
    coinbase_tag: TAG,
    payout: { address: PAYOUT },
    difficulty: { shares_per_minute: 30, min_difficulty: 1e-7, start_difficulty: 1e-5 },
    template_provider: { url: provider.urls[0] },
    listen: [{ host: '127.0.0.1', port: await freePort(3_333), edition: options.edition }],
    monitoring: { port: await freePort(9_090) },
  })
  progress(`starting ${options.devices} mining device(s)`)
  const modes = ['standard', 'extended', 'grouped'] as const
  for (let n = 0; n < options.devices; n++) {
    await start(miningDevice, {
      upstream: { url: running.urls[0] },
      user_identity: `demo.device${n + 1}`,
      mode: modes[n % modes.length],
      threads: 1,
      hashrate_cap: options.hashrate,
    })
  }
  return {
    node,
    minerUrls: running.urls,
    providerUrls: provider.urls,
    poolMonitoring: `http://127.0.0.1:${running.monitoringPort}/metrics`,
    providerMonitoring: `http://127.0.0.1:${provider.monitoringPort}/metrics`,
    counts: running.counts,
    ownBlocks: own,
  }
}

/** Starts apps the way their own processes would, with one log format for all. */
function starter(options: StackOptions, scope: Scope) {
  const logSettings = { level: options.logLevel, format: options.json ? 'json' : 'pretty' } as const
  return <Config extends BaseConfig, Running>(app: App<Config, Running>, config: unknown): Promise<Running> =>
    app.start(app.schema.parse(config), {
      log: createLogger(app.name, logSettings),
      registry: createRegistry(app.name),
      scope,
      clock: systemClock,
    })
}

function countOwnBlocks(node: RegtestNode): () => number {
  const tag = hex(new TextEncoder().encode(TAG))
  let count = 0
  node.onBlock(({ hash }) => {
    const bytes = node.block(hash)
    if (bytes !== undefined && hex(bytes.subarray(0, 400)).includes(tag)) count++
  })
  return () => count
}

/** The wanted port where it is free, any free one otherwise. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(0))
    probe.listen({ host: '127.0.0.1', port: wanted }, () => probe.close(() => resolve(wanted)))
  })
}
