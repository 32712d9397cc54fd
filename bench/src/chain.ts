import { join } from 'node:path'
import { makeTokenKeyFile } from '@sv2/app-kit'
import { type RegtestNode, startRegtestNode } from '@sv2/regtest-node'
import { Child } from './child.ts'

/** Addresses without an owner: these coins are worth nothing. */
const POOL_ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const FARM_ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

/** Targets that every share meets. */
const DIFFICULTY = { vardiff: false, min_difficulty: 1e-12, start_difficulty: 1e-11 }

/** A node in this process. Its long poll answers at a new tip and at nothing else. */
export function startNode(
  dataDir: string,
  options: { readonly difficulty?: number } = {},
): Promise<RegtestNode> {
  return startRegtestNode({
    ...options,
    cookieFile: join(dataDir, 'node.cookie'),
    longPollDelayMs: 86_400_000,
  })
}

/** Apps in processes of their own, from a node to where devices connect. */
export class Chain {
  readonly #node: RegtestNode
  readonly #dataDir: string
  readonly #children: Child[] = []

  constructor(node: RegtestNode, dataDir: string) {
    this.#node = node
    this.#dataDir = dataDir
  }

  /** Template provider and pool. */
  async pool(negotiatorUrl?: string): Promise<{ readonly url: string; readonly child: Child }> {
    const templates = await this.#templates('template-provider')
    return this.#start('pool', 'pool', {
      network: 'regtest',
      payout: { address: POOL_ADDRESS },
      difficulty: DIFFICULTY,
      jobs: { job_refresh_sec: 3_600, open_channel_within_sec: 3_600 },
      template_provider: { url: templates.url },
      ...(negotiatorUrl === undefined
        ? {}
        : {
            custom_work: {
              enabled: true,
              token_key_file: this.#tokenKey,
              negotiators: [{ url: negotiatorUrl }],
            },
          }),
    })
  }

  /**
   * A pool that takes miners' own jobs, and a farm that makes them with a template provider of its own.
   * @param transactions what the negotiator server keeps of them
   */
  async farm(transactions: { readonly cache_mib?: number } = {}) {
    makeTokenKeyFile(this.#tokenKey)
    const server = await this.#start('negotiator-server', 'negotiator-server', {
      network: 'regtest',
      token_key_file: this.#tokenKey,
      payout: { address: POOL_ADDRESS },
      nodes: [this.#nodeAccess],
      transactions,
      // tips of a benchmark come faster than blocks do
      negotiation: { jobs_per_minute: 6_000, tokens_per_minute: 6_000 },
    })
    const pool = await this.pool(server.url)
    const templates = await this.#templates('farm-template-provider')
    const client = await this.#start('negotiator-client', 'negotiator-client', {
      network: 'regtest',
      mode: 'full-template',
      payout: { address: FARM_ADDRESS },
      difficulty: DIFFICULTY,
      jobs: { job_refresh_sec: 3_600 },
      template_provider: { url: templates.url },
      upstreams: [{ user_identity: 'farm.bench', pool: { url: pool.url }, negotiator: { url: server.url } }],
    })
    return { server, pool, templates, client }
  }

  /** A mining proxy in front of another part. */
  async proxy(url: string): Promise<string> {
    const proxy = await this.#start('mining-proxy', 'mining-proxy', { upstreams: [{ url }] })
    return proxy.url
  }

  stop(): void {
    for (const child of this.#children) child.stop()
  }

  get #tokenKey(): string {
    return join(this.#dataDir, 'token.key')
  }

  get #nodeAccess() {
    return { url: this.#node.url, cookie_file: this.#node.cookieFile ?? '' }
  }

  #templates(name: string) {
    const config = { network: 'regtest', template_interval_sec: 10, nodes: [this.#nodeAccess] }
    return this.#start(name, 'template-provider', config)
  }

  async #start(name: string, app: string, config: object) {
    const child = Child.start('app-process.ts', {
      app,
      config: {
        ...config,
        data_dir: join(this.#dataDir, name),
        listen: [{ host: '127.0.0.1', port: 0 }],
        monitoring: { port: 0 },
      },
    })
    this.#children.push(child)
    const { urls } = await child.next<{ urls: string[] }>('urls')
    return { url: urls[0] ?? '', child }
  }
}
