import {
  type App,
  ConfigError,
  drain,
  loadTokenKey,
  nextEpoch,
  SolutionFiles,
  Statistics,
  startRole,
  UsedTokenFile,
  VERSION,
} from '@sv2/app-kit'
import { Pool } from '@sv2/roles/pool'
import { fastSha256d, randomBytes } from '@sv2/runtime'
import { openBooks } from './books.ts'
import { configSchema, type PoolConfig } from './config.ts'
import { startEmbeddedNegotiator } from './embedded-negotiator.ts'
import { createObserver } from './observe.ts'
import { presentCoinbase } from './present-coinbase.ts'
import { isRecord, poolServers } from './role-of-pool.ts'
import { servedApi } from './served-api.ts'
import { poolSettings, takesCustomWork } from './settings.ts'
import { startWorkers } from './workers/start-workers.ts'
import { workersOf } from './workers/worker-config.ts'

export { booksSettings } from './books.ts'
export type { PoolConfig } from './config.ts'

/** What is known of a running pool. */
export interface RunningPool {
  /** One URL per door and edition, for miners. */
  readonly urls: readonly string[]
  /** The same for clients of the job negotiator server in this process. */
  readonly negotiatorUrls: readonly string[]
  readonly monitoringPort: number
  /** Live numbers. */
  readonly counts: () => PoolCounts
}

/** Live numbers of a pool; shares and blocks since its start. */
export interface PoolCounts {
  readonly connections: number
  readonly channels: number
  readonly accepted: number
  readonly refused: number
  readonly blocks: number
  /** H/s by the accepted shares of the last minute. */
  readonly hashrate: number
}

/** The pool: templates in, jobs out, shares judged, blocks up. */
export const pool: App<PoolConfig, RunningPool> = {
  name: 'pool',
  description: 'Stratum V2 mining pool',
  schema: configSchema,

  check({ listen }) {
    const message =
      'this program speaks Stratum V2 alone: `sv2 up` takes V1 too, or a translator in front of it'
    const problems = listen.flatMap(({ protocol = 'v2' }, place) =>
      protocol === 'v2' ? [] : [{ key: `listen.${place}.protocol`, value: protocol, message }],
    )
    if (problems.length > 0) throw new ConfigError(problems)
  },

  async start(config, context) {
    const workers = workersOf(config)
    if (workers > 1 && context.startTranslator !== undefined) {
      const message = 'is 1 where Stratum V1 is taken in the same process'
      throw new ConfigError([{ key: 'workers', value: String(config.workers), message }])
    }
    if (workers > 1) return startWorkers(config, context, workers)
    const { log, registry, clock } = context
    const observe = createObserver(log, registry)
    const embedded = await startEmbeddedNegotiator(config, context)
    const { token_key_file: keyFile } = config.custom_work
    const mac = takesCustomWork(config) ? (await loadTokenKey(config.data_dir, keyFile)).mac : undefined
    const run = { epoch: await nextEpoch(config.data_dir), secret: randomBytes(32) }
    const tokens = new UsedTokenFile(config.data_dir, { log, now: clock.now() })
    const files = new SolutionFiles(config.data_dir, log)
    const solutions = files.load()
    const role = new Pool(
      { ...poolSettings(config, VERSION, run), solutions },
      {
        sha256d: fastSha256d,
        mac,
        usedTokens: tokens.used,
      },
    )
    const books = await openBooks(config, context, (event) => {
      if (event.kind === 'distribution') embedded?.distribute(event)
      started.engine.tell(event)
    })
    const started = startRole(context, {
      role,
      stats: new Statistics({ maxWorkers: config.api.max_workers }, clock.now),
      onEffect(fact) {
        if (isRecord(fact)) return books?.journal.perform(fact)
        if (fact.kind === 'tokenUsed') return tokens.add(fact.token, clock.now())
        if (fact.kind === 'keepSolution' || fact.kind === 'forgetSolution') return files.perform(fact)
        if (fact.kind !== 'solutionPushed' || embedded === undefined) return observe.fact(fact)
        embedded.solved(fact.solution)
        observe.fact({ ...fact, negotiators: fact.negotiators + 1 })
      },
      servers: poolServers(config),
      farewell: drain({ host: config.drain_to_host, port: config.drain_to_port }),
    })

    for (const { message } of solutions) if (message.type === 'PushSolution') embedded?.solved(message)

    const monitoringPort = await started.monitor(config.monitoring, {
      gauges: [
        ['sv2_clients_total', 'Connected miners', () => role.counts.connections],
        ['sv2_client_channels', 'Open channels', () => role.counts.channels],
      ],
      health: () => ({ ok: role.hasWork, ...role.counts }),
      api: servedApi(config, books, {
        now: () => clock.now(),
        coinbase: (account) => presentCoinbase(role, account, config.network),
      }),
    })
    const port = { kind: 'miners' } as const
    const [inner = ''] = context.startTranslator ? await started.open(withInnerDoor(config), { port }) : []
    const v1 = await context.startTranslator?.(inner)
    const urls = await started.open(config, { port, v1 })
    return {
      urls,
      negotiatorUrls: embedded?.urls ?? [],
      monitoringPort,
      counts: () => ({ ...role.counts, ...observe.totals() }),
    }
  },
}

/** The pool with a door for the translator of its process alone. */
function withInnerDoor(config: PoolConfig): PoolConfig {
  const [door] = config.listen
  if (door === undefined) return config
  return { ...config, listen: [{ ...door, host: '127.0.0.1', port: 0, protocol: 'v2', noise: true }] }
}
