import {
  type App,
  BooksWatch,
  bookPayment,
  ConfigError,
  drain,
  loadTokenKey,
  nextEpoch,
  type SignedAddress,
  SolutionFiles,
  Statistics,
  setAccountAddress,
  startRole,
  toldLedger,
  UsedTokenFile,
  upstreamSettings,
  VERSION,
} from '@sv2/app-kit'
import { portName } from '@sv2/roles/ground'
import { Pool, type PoolEffect, type RecordEffect } from '@sv2/roles/pool'
import { fastSha256d, randomBytes } from '@sv2/runtime'
import { type Books, openBooks } from './books.ts'
import { configSchema, type PoolConfig } from './config.ts'
import { startEmbeddedNegotiator } from './embedded-negotiator.ts'
import { createObserver } from './observe.ts'
import { presentCoinbase } from './present-coinbase.ts'
import { negotiatorServers, poolSettings, takesCustomWork } from './settings.ts'

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
    const failed = (what: string) => ({ text: `${what} cannot be reached` })
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
      servers: [
        {
          name: 'template provider',
          port: { kind: 'templates' },
          settings: upstreamSettings(config.template_provider, { protocol: 'templates', defaultPort: 8_336 }),
          onFailed: failed('template provider'),
        },
        ...negotiatorServers(config).map((settings, n) => {
          const port = { kind: 'negotiator', index: n }
          return { name: portName(port), port, settings, onFailed: failed('negotiator') }
        }),
      ],
      farewell: drain({ host: config.drain_to_host, port: config.drain_to_port }),
    })

    for (const { message } of solutions) if (message.type === 'PushSolution') embedded?.solved(message)

    const booksWatch = books && new BooksWatch(books)
    const monitoringPort = await started.monitor(config.monitoring, {
      gauges: [
        ['sv2_clients_total', 'Connected miners', () => role.counts.connections],
        ['sv2_client_channels', 'Open channels', () => role.counts.channels],
      ],
      health: () => ({ ok: role.hasWork, ...role.counts }),
      api: {
        config: config.api,
        notices: config.notices,
        folders: [config.data_dir, ...(books === undefined ? [] : [books.journal.folder])],
        conditions: booksWatch && (() => booksWatch.conditions()),
        role: 'pool',
        network: config.network,
        isFarm: false,
        coinbase: (account) => presentCoinbase(role, account, config.network),
        ledger: books?.ledger && toldLedger(books.ledger),
        audit: books?.audit,
        ...moneyPages(books, config, () => clock.now()),
      },
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

/** What the API may write into the books; nothing where there is no ledger. */
function moneyPages(books: Books | undefined, { network, payout }: PoolConfig, now: () => number) {
  const { ledger, journal } = books ?? {}
  if (ledger === undefined || journal === undefined) return {}
  return {
    bookPayment: (transaction: Uint8Array) => bookPayment(transaction, { ledger, journal, network }),
    setAddress: payout.names
      ? (signed: SignedAddress) => setAccountAddress(signed, { ledger, journal, network, now })
      : undefined,
  }
}

function isRecord(effect: Exclude<PoolEffect, { kind: 'send' | 'close' | 'pause' }>): effect is RecordEffect {
  return effect.kind === 'recordShare' || effect.kind === 'recordBlock' || effect.kind === 'recordTip'
}
