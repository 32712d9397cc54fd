import { makeTokenKeyFile, type Scope } from '@sv2/app-kit'
import { type JobClientCounts, jobNegotiatorClient } from '@sv2/job-negotiator/client'
import { negotiatorServer } from '@sv2/job-negotiator/server'
import { connectNodes, type RegtestNode, startRegtestNode } from '@sv2/regtest-node'
import { templateProvider } from '@sv2/template-provider'
import { FARM_ADDRESS } from './accounts.ts'
import type { StackOptions } from './options.ts'
import type { Place } from './stack.ts'
import { freePort, type Starter } from './starter.ts'

/** Text in the coinbase by which our blocks are known again. */
export const TAG = '/sv2 dev-stack/'

/** What the parts of a stack are started with. */
export interface StackDeps {
  readonly start: Starter
  readonly scope: Scope
  readonly dataDir: string
  readonly progress: (text: string) => void
}

/** Starts the pool's negotiator server. Answers what the pool has to know of it. */
export async function startNegotiatorServer(
  options: StackOptions,
  { start, dataDir, progress }: StackDeps,
  pool: { readonly node: { readonly url: string; readonly cookie_file: string }; readonly payout: string },
): Promise<{
  readonly places: readonly Place[]
  readonly url: string
  readonly solutionsUrl: string
  readonly tokenKeyFile: string
}> {
  progress('starting the negotiator server')
  const tokenKeyFile = `${dataDir}/token.key`
  await makeTokenKeyFile(tokenKeyFile)
  const server = await start(negotiatorServer, {
    network: 'regtest',
    data_dir: `${dataDir}/negotiator-server`,
    token_key_file: tokenKeyFile,
    payout: { address: pool.payout },
    // blocks come every few seconds here
    negotiation: { jobs_per_minute: 600, tokens_per_minute: 600 },
    nodes: [pool.node],
    listen: [
      { host: '127.0.0.1', port: await freePort(3_334), edition: options.edition },
      // the pool tells of blocks, for which only this edition has a message
      ...(options.edition === 'current' ? [] : [{ host: '127.0.0.1', port: 0, edition: 'current' }]),
    ],
    monitoring: { port: 0 },
  })
  const [url = ''] = server.urls
  return { places: [{ name: 'negotiator', url }], url, solutionsUrl: server.urls.at(-1) ?? url, tokenKeyFile }
}

/** Starts a farm's own node, its template provider, and the client that negotiates its jobs. */
export async function startNegotiatorClient(
  options: StackOptions,
  { start, scope, dataDir, progress }: StackDeps,
  pool: { readonly node: RegtestNode; readonly url: string; readonly negotiatorUrl: string },
): Promise<{
  readonly places: readonly Place[]
  readonly url: string
  readonly counts: () => JobClientCounts
}> {
  progress('starting a node of the farm, and its template provider')
  const cookie = `${dataDir}/.farm-cookie`
  const node = await startRegtestNode({
    difficulty: options.difficulty,
    mempoolRate: options.transactions,
    cookieFile: cookie,
  })
  scope.own('node of the farm', () => node.stop())
  const disconnect = connectNodes(pool.node, node)
  scope.own('connection of the nodes', () => Promise.resolve(disconnect()))
  const listen = async (port: number) => [
    { host: '127.0.0.1', port: await freePort(port), edition: options.edition },
  ]
  const provider = await start(templateProvider, {
    network: 'regtest',
    data_dir: `${dataDir}/farm-template-provider`,
    template_interval_sec: 5,
    nodes: [{ url: node.url, cookie_file: cookie }],
    listen: await listen(18_337),
    monitoring: { port: 0 },
  })
  progress('starting the negotiator client')
  const client = await start(jobNegotiatorClient, {
    network: 'regtest',
    data_dir: `${dataDir}/negotiator-client`,
    coinbase_tag: TAG,
    payout: { address: FARM_ADDRESS },
    difficulty: { shares_per_minute: 30, min_difficulty: 1e-7, start_difficulty: 1e-5 },
    template_provider: { url: provider.urls[0] },
    upstreams: [
      {
        user_identity: `${FARM_ADDRESS}.farm`,
        pool: { url: pool.url },
        negotiator: { url: pool.negotiatorUrl },
      },
    ],
    listen: await listen(34_265),
    monitoring: { port: await freePort(9_091) },
  })
  const [url = ''] = client.urls
  return {
    places: [
      { name: 'farm node', url: node.url },
      { name: 'farm templates', url: provider.urls[0] ?? '' },
      { name: 'negotiator client', url, hint: 'and here: own templates' },
    ],
    url,
    counts: client.counts,
  }
}
