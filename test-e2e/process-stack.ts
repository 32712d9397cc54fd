import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RegtestNode, type RegtestNodeOptions, startRegtestNode } from '@sv2/regtest-node'
import { AppProcess } from './process.ts'

export type DeviceMode = 'standard' | 'grouped' | 'extended'

/** Text in the coinbase by which the blocks of these tests are known. */
export const TAG = '/sv2 e2e/'

/** A block takes so many hashes that shares come first, and devices find one within a second. */
const DIFFICULTY = 2e-6

/** What a device of these tests declares, H/s; the pool knows it again by that. */
export function nominalHashrate(mode: DeviceMode): number {
  return { standard: 10_000, grouped: 10_001, extended: 10_002 }[mode]
}

/** Node in this process; template provider, pool and devices each as a process of its own. */
export class ProcessStack {
  readonly dataDir: string = mkdtempSync(join(tmpdir(), 'sv2-stack-'))
  readonly edition: 'current' | 'draft'
  node!: RegtestNode
  #ports: { node: number; provider: number; pool: number } = { node: 0, provider: 0, pool: 0 }
  /** Where the metrics of each are; 0: at a free port that nobody asks for. */
  readonly monitoring: { provider: number; pool: number } = { provider: 0, pool: 0 }
  readonly #processes: AppProcess[] = []

  constructor(edition: 'current' | 'draft') {
    this.edition = edition
  }

  /** Starts the node, after the first time on the same port. */
  async startNode(
    rules: Pick<RegtestNodeOptions, 'difficulty' | 'minDifficultyAfterSec'> = {},
  ): Promise<void> {
    this.node = await startRegtestNode({
      port: this.#ports.node,
      difficulty: DIFFICULTY,
      ...rules,
      cookieFile: join(this.dataDir, '.cookie'),
      initialBlocks: 5,
      longPollDelayMs: 0,
    })
    this.#ports = { ...this.#ports, node: this.node.port }
  }

  /**
   * Starts the template provider, after the first time on the same port.
   * @param before nodes that stand before ours in its list
   */
  async startProvider(
    before: readonly object[] = [],
  ): Promise<{ readonly provider: AppProcess; readonly url: string }> {
    const provider = this.#start('template-provider', {
      data_dir: join(this.dataDir, 'template-provider'),
      template_interval_sec: 0.5,
      nodes: [...before, { url: this.node.url, cookie_file: join(this.dataDir, '.cookie') }],
      listen: [{ host: '127.0.0.1', port: this.#ports.provider, edition: this.edition }],
      monitoring: { port: this.monitoring.provider },
    })
    const { port, url } = await provider.logged('listening')
    this.#ports = { ...this.#ports, provider: Number(port) }
    return { provider, url: String(url) }
  }

  /** Starts another template provider on the same node. */
  async startBackupProvider(): Promise<{ readonly provider: AppProcess; readonly url: string }> {
    const provider = this.#start('template-provider', {
      data_dir: join(this.dataDir, 'backup-provider'),
      nodes: [{ url: this.node.url, cookie_file: join(this.dataDir, '.cookie') }],
      listen: [{ host: '127.0.0.1', port: 0, edition: this.edition }],
      monitoring: { port: 0 },
    })
    const { url } = await provider.logged('listening')
    return { provider, url: String(url) }
  }

  /** Starts the pool, after the first time on the same port. */
  async startPool(
    providerUrl: string,
    /** Sections of its configuration that are other than usual. */
    change: Readonly<Record<string, unknown>> = {},
  ): Promise<{ readonly pool: AppProcess; readonly url: string }> {
    const pool = this.#start('pool', {
      data_dir: join(this.dataDir, 'pool'),
      coinbase_tag: TAG,
      payout: { address: 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202' },
      difficulty: { shares_per_minute: 600, min_difficulty: 1e-8, start_difficulty: 1e-7 },
      template_provider: { url: providerUrl },
      listen: [{ host: '127.0.0.1', port: this.#ports.pool, edition: this.edition }],
      monitoring: { port: this.monitoring.pool },
      ...change,
    })
    const { port, url } = await pool.logged('listening')
    this.#ports = { ...this.#ports, pool: Number(port) }
    await pool.logged('new tip')
    return { pool, url: String(url) }
  }

  startDevice(
    poolUrl: string,
    mode: DeviceMode,
    { user = `e2e.${mode}`, hashrate = 10_000 }: { readonly user?: string; readonly hashrate?: number } = {},
  ): AppProcess {
    return this.#start('mining-device', {
      upstream: { url: poolUrl },
      user_identity: user,
      mode,
      threads: 1,
      hashrate_cap: hashrate,
      nominal_hashrate: nominalHashrate(mode),
    })
  }

  /** Ends everything, and removes its files. */
  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.kill('SIGKILL')))
    await this.node.stop()
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  #start(app: 'pool' | 'template-provider' | 'mining-device', config: Record<string, unknown>): AppProcess {
    const started = new AppProcess(app, config)
    this.#processes.push(started)
    return started
  }
}
