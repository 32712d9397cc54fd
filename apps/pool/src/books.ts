import {
  type AppContext,
  AuditClient,
  ConfigError,
  journalFolder,
  LedgerClient,
  lockJournal,
  type NodeConfig,
  type NumberSpace,
  PoolJournal,
} from '@sv2/app-kit'
import { type LedgerSettings, writeTerms } from '@sv2/roles/ledger'
import type { PoolEvent, RecordEvent } from '@sv2/roles/pool'
import type { JournalPosition } from '@sv2/runtime/journal'
import type { StoreSettings } from '@sv2/store'
import type { PoolConfig } from './config.ts'
import { termsOf } from './payout-config.ts'

const DAY_MS = 86_400_000

/** The books of a pool: the journal, and the ledger that reads it where miners are paid by it. */
export interface Books {
  readonly journal: PoolJournal
  /** Undefined in mode pool. */
  readonly ledger: LedgerClient | undefined
  /** Shows the journal to auditors. */
  readonly audit: AuditClient
}

/** Opens the books; undefined without a journal. @param tell takes what the pool's role has to hear @param numbers of this process, where others number too */
export async function openBooks(
  config: PoolConfig,
  context: AppContext,
  tell: (event: RecordEvent | Extract<PoolEvent, { kind: 'distribution' }>) => void,
  numbers?: NumberSpace,
): Promise<Books | undefined> {
  if (!config.journal.enabled) return undefined
  const { log, registry, scope, clock } = context
  const { network } = config
  const node = config.extranonce.server_id
  const { keep_days: keepDays } = config.journal
  scope.own('journal folder', await lockJournal(config.journal, config.data_dir, log))
  const terms = termsOf(config, furtherOutputs(config))
  const grown = (position: JournalPosition): void => {
    ledger?.grown(position)
    audit.grown(position)
  }
  const journal = new PoolJournal(
    { config: config.journal, dataDir: config.data_dir, node, network, numbers },
    { log, registry, now: () => clock.now(), tell, grown },
  )
  const ledger: LedgerClient | undefined =
    terms &&
    new LedgerClient(
      {
        folder: journal.folder,
        node,
        settings: { network, ...terms },
        keepMs: keepDays && keepDays * DAY_MS,
        nodes: config.ledger.nodes,
        store: storeOf(config),
        tag: config.coinbase_tag,
      },
      {
        log,
        registry,
        onDistribution: (distribution, voids) => tell({ kind: 'distribution', distribution, voids }),
        append: (record) => journal.append(record),
      },
    )
  if (terms !== undefined)
    journal.append({ kind: 'terms', time: Math.floor(clock.now()), terms: writeTerms(terms) })
  const audit = new AuditClient(journal.folder, log)
  scope.own('audit', () => audit.close())
  if (ledger !== undefined) scope.own('ledger', () => ledger.close())
  scope.own('journal', () => journal.close())
  return { journal, ledger, audit }
}

/** What the negotiator server in this process asks of jobs besides the payout. */
function furtherOutputs({ job_negotiator }: PoolConfig): readonly string[] {
  return job_negotiator.enabled ? job_negotiator.further_outputs : []
}

/** Where the tables are; the module is loaded by the thread of the ledger alone. */
function storeOf({ ledger }: PoolConfig): ConstructorParameters<typeof LedgerClient>[0]['store'] {
  const module = import.meta.resolve('@sv2/store')
  return { module, settings: storeSettings(ledger) }
}

function storeSettings({
  store: url,
  store_password_file: passwordFile,
}: PoolConfig['ledger']): StoreSettings {
  return { url, passwordFile }
}

/**
 * What a program that reads the books of this pool has to know.
 * @throws {ConfigError} in mode pool, where there are none
 */
export function booksSettings(config: PoolConfig): {
  readonly folder: string
  readonly node: number
  readonly ledger: LedgerSettings
  readonly store: StoreSettings
  readonly nodes: readonly NodeConfig[]
  /** Where the pool's API is. */
  readonly apiUrl: string
} {
  const { network, payout, journal, data_dir, extranonce, monitoring } = config
  const terms = termsOf(config, furtherOutputs(config))
  if (terms === undefined)
    throw new ConfigError([
      { key: 'payout.mode', value: payout.mode, message: 'keeps no books: nobody is owed anything' },
    ])
  return {
    folder: journalFolder(journal, data_dir),
    node: extranonce.server_id,
    ledger: { network, ...terms },
    store: storeSettings(config.ledger),
    nodes: config.ledger.nodes,
    apiUrl: `http://${monitoring.host}:${monitoring.port}`,
  }
}
