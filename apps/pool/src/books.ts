import { type AppContext, AuditClient, LedgerClient, PoolJournal } from '@sv2/app-kit'
import { writeTerms } from '@sv2/roles/ledger'
import type { PoolEvent, RecordEvent } from '@sv2/roles/pool'
import type { JournalPosition } from '@sv2/runtime/journal'
import type { PoolConfig } from './config.ts'
import { MAX_LISTED_PAYOUTS, termsOf } from './payout-config.ts'

/** The books of a pool: the journal, and the ledger that reads it where miners are paid by it. */
export interface Books {
  readonly journal: PoolJournal
  /** Undefined in mode pool. */
  readonly ledger: LedgerClient | undefined
  /** Shows the journal to auditors. */
  readonly audit: AuditClient
}

/** Opens the books; undefined without a journal. @param tell takes what the pool's role has to hear */
export function openBooks(
  config: PoolConfig,
  context: AppContext,
  tell: (event: RecordEvent | Extract<PoolEvent, { kind: 'distribution' }>) => void,
): Books | undefined {
  if (!config.journal.enabled) return undefined
  const { log, registry, scope, clock } = context
  const { network, payout } = config
  const node = config.extranonce.server_id
  const terms = termsOf(payout, network, MAX_LISTED_PAYOUTS)
  const grown = (position: JournalPosition): void => {
    ledger?.grown(position)
    audit.grown(position)
  }
  const journal = new PoolJournal(
    { config: config.journal, dataDir: config.data_dir, node, network },
    { log, registry, now: () => clock.now(), tell, grown },
  )
  const ledger: LedgerClient | undefined =
    terms &&
    new LedgerClient(
      {
        folder: journal.folder,
        node,
        settings: { network, ...terms },
        nodes: config.ledger.nodes,
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
