import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { createLogger, createRegistry, Scope } from '@sv2/app-kit'
import { type PoolConfig, pool, type RunningPool } from '@sv2/pool'
import { type RegtestNode, type RegtestNodeOptions, startRegtestNode } from '@sv2/regtest-node'
import { systemClock } from '@sv2/runtime'
import { type RunningTemplateProvider, templateProvider } from '@sv2/template-provider'
import type { LogLine } from '@sv2/topology'

export type { LogLine }

/** Node, template provider and pool in this process, on real sockets. */
export interface Stand {
  readonly node: RegtestNode
  readonly provider: RunningTemplateProvider
  readonly pool: RunningPool
  readonly dataDir: string
  /** What the pool has logged so far. */
  readonly log: readonly LogLine[]
  /** Waits until the pool logs a line that fits. */
  logged(fits: (line: LogLine) => boolean): Promise<LogLine>
  close(): Promise<void>
}

/** Starts them, every link in one edition. */
export async function startStand(
  edition: 'current' | 'draft' | 'auto',
  over: {
    readonly node?: RegtestNodeOptions
    readonly provider?: Record<string, unknown>
    readonly pool?: Record<string, unknown>
    readonly listen?: Record<string, unknown>
  } = {},
): Promise<Stand> {
  const scope = new Scope()
  const dataDir = mkdtempSync(join(tmpdir(), 'sv2-e2e-'))
  scope.own('data folder', () => rmSync(dataDir, { recursive: true, force: true }))
  const node = await startRegtestNode({ cookieFile: join(dataDir, '.cookie'), ...over.node })
  scope.own('node', () => node.stop())
  const lines = logCollector()
  const context = (name: string) => ({
    log: createLogger(name, { level: 'debug', format: 'json' }, lines.stream),
    registry: createRegistry(name),
    scope,
    clock: systemClock,
  })
  const link = edition === 'auto' ? 'current' : edition
  const provider = await templateProvider.start(
    templateProvider.schema.parse({
      data_dir: join(dataDir, 'template-provider'),
      nodes: [{ url: node.url, cookie_file: join(dataDir, '.cookie') }],
      listen: [{ port: 0, edition: link }],
      monitoring: { port: 0 },
      ...over.provider,
    }),
    context('template-provider'),
  )
  const config: PoolConfig = pool.schema.parse({
    data_dir: join(dataDir, 'pool'),
    payout: { address: 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202' },
    difficulty: { min_difficulty: 1e-10, start_difficulty: 1e-9 },
    template_provider: { url: provider.urls[0] },
    listen: [{ host: '127.0.0.1', port: 0, edition, ...over.listen }],
    monitoring: { port: 0 },
    ...over.pool,
  })
  const running = await pool.start(config, context('pool'))
  await lines.logged(({ msg }) => msg === 'new tip')
  return {
    node,
    provider,
    pool: running,
    dataDir,
    log: lines.log,
    logged: lines.logged,
    close: () =>
      scope.close((name, error) => {
        throw new Error(`closing ${name}`, { cause: error })
      }),
  }
}

function logCollector() {
  const stream = new PassThrough()
  const log: LogLine[] = []
  let waiting: (() => void)[] = []
  let text = ''
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) log.push(JSON.parse(line) as LogLine)
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  })
  const logged = async (fits: (line: LogLine) => boolean): Promise<LogLine> => {
    for (;;) {
      const found = log.find(fits)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }
  return { stream, log, logged }
}
