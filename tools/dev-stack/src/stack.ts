import type { Scope } from '@sv2/app-kit'
import { addressToScript, hex } from '@sv2/bitcoin'
import type { JobClientCounts } from '@sv2/job-negotiator/client'
import { miningDevice } from '@sv2/mining-device'
import { type PoolCounts, pool } from '@sv2/pool'
import { type RegtestNode, startRegtestNode } from '@sv2/regtest-node'
import { templateProvider } from '@sv2/template-provider'
import { accountAddress, POOL_ADDRESS } from './accounts.ts'
import { startFarm } from './farm.ts'
import { startNegotiatorClient, startNegotiatorServer, TAG } from './negotiation.ts'
import type { StackOptions } from './options.ts'
import { freePort, starter } from './starter.ts'

/** One thing that runs, for the banner. */
export interface Place {
  readonly name: string
  readonly url: string
  /** Who may be pointed at it. */
  readonly hint?: string
}

/** What runs where. */
export interface Stack {
  readonly node: RegtestNode
  readonly places: readonly Place[]
  readonly counts: () => PoolCounts
  /** The farm's negotiator client; undefined where the farm has none. */
  readonly negotiation: (() => JobClientCounts) | undefined
  /** Blocks that pay us and are in the active chain. */
  readonly ownBlocks: () => number
}

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
  const deps = { start, scope, dataDir, progress }
  const pooled = { node: { url: node.url, cookie_file: `${dataDir}/.cookie` }, payout: POOL_ADDRESS }
  const server = options.stack === 'full' ? await startNegotiatorServer(options, deps, pooled) : undefined
  progress('starting the pool')
  const running = await start(pool, {
    network: 'regtest',
    data_dir: `${dataDir}/pool`,
    coinbase_tag: TAG,
    payout: {
      mode: 'pplns',
      address: POOL_ADDRESS,
      fee_ppm: 10_000,
      window_blocks: 4,
      refresh_sec: 2,
      confirmations: 2,
    },
    ledger: { nodes: [pooled.node] },
    difficulty: { shares_per_minute: 30, min_difficulty: 1e-7, start_difficulty: 1e-5 },
    template_provider: { url: provider.urls[0] },
    ...(server === undefined
      ? {}
      : {
          custom_work: {
            enabled: true,
            token_key_file: server.tokenKeyFile,
            negotiators: [{ url: server.solutionsUrl }],
          },
        }),
    listen: [{ host: '127.0.0.1', port: await freePort(3_333), edition: options.edition }],
    monitoring: { port: await freePort(9_090) },
  })
  const [poolUrl = ''] = running.urls
  const client =
    server === undefined
      ? undefined
      : await startNegotiatorClient(options, deps, { node, url: poolUrl, negotiatorUrl: server.url })
  const farm =
    options.stack === 'pool'
      ? []
      : await startFarm(options, { poolUrl: client?.url ?? poolUrl, start, dataDir, progress })
  progress(`starting ${options.devices} mining device(s)`)
  const doors = [poolUrl, ...farm.flatMap(({ device }) => device ?? [])]
  const modes = ['standard', 'extended', 'grouped'] as const
  for (let n = 0; n < options.devices; n++) {
    await start(miningDevice, {
      upstream: { url: doors[n % doors.length] },
      user_identity: `${accountAddress(n + 1)}.device${n + 1}`,
      mode: modes[n % modes.length],
      threads: 1,
      hashrate_cap: options.hashrate,
    })
  }
  const metrics = (port: number): string => `http://127.0.0.1:${port}/metrics`
  return {
    node,
    places: [
      {
        name: 'dashboard',
        url: `http://127.0.0.1:${running.monitoringPort}/`,
        hint: 'open this in a browser',
      },
      { name: 'node', url: node.url },
      ...provider.urls.map((url) => ({ name: 'template provider', url })),
      ...(server?.places ?? []),
      ...running.urls.map((url) => ({ name: 'pool', url, hint: 'point SV2 miners here' })),
      ...(client?.places ?? []),
      ...farm.map(({ place }) => place),
      { name: 'monitoring', url: metrics(running.monitoringPort) },
      { name: '', url: metrics(provider.monitoringPort) },
    ],
    counts: running.counts,
    negotiation: client?.counts,
    ownBlocks: own,
  }
}

/** Blocks that pay the pool; those of a farm's own jobs too, whose coinbase may have no room for a tag. */
function countOwnBlocks(node: RegtestNode): () => number {
  const paid = hex(addressToScript(POOL_ADDRESS, 'regtest'))
  let count = 0
  node.onBlock(({ hash }) => {
    const bytes = node.block(hash)
    if (bytes !== undefined && hex(bytes.subarray(0, 400)).includes(paid)) count++
  })
  return () => count
}
