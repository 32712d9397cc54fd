import type { Worker } from 'node:worker_threads'
import type { JournalRecord } from '@sv2/journal'
import type { Distribution } from '@sv2/roles/payouts'
import { startThread } from '@sv2/runtime'
import type { JournalPosition } from '@sv2/runtime/journal'
import type { Logger } from '../logger.ts'
import { Gauge, type Registry } from '../monitoring.ts'
import type {
  Answers,
  FromLedger,
  LedgerNumbers,
  LedgerThreadData,
  Query,
  ToLedger,
} from './ledger-messages.ts'

/** How long after it failed the thread is started again, ms. */
const RESTART_MS = 5_000
/** Questions that may wait for their answer at one time. */
const MAX_WAITING = 1_000

export interface LedgerClientDeps {
  readonly log: Logger
  readonly registry: Registry
  /** Coinbases follow another distribution from now on. */
  readonly onDistribution: (distribution: Distribution, voids: boolean) => void
  /** To be written into the journal. */
  readonly append: (record: JournalRecord) => void
}

/** The ledger in a thread of its own: the loop that judges shares never waits for it. */
export class LedgerClient {
  #worker: Worker
  readonly #data: LedgerThreadData
  #restart: NodeJS.Timeout | undefined
  readonly #deps: LedgerClientDeps
  readonly #waiting = new Map<
    number,
    { readonly resolve: (answer: never) => void; readonly reject: (error: Error) => void }
  >()
  #lastId = 0
  #numbers: LedgerNumbers | undefined

  constructor(data: LedgerThreadData, deps: LedgerClientDeps) {
    this.#deps = deps
    this.#data = data
    this.#worker = this.#start()
    ledgerGauges(deps.registry, () => this.#numbers)
  }

  /** As the ledger told them last; undefined while it starts. */
  get numbers(): LedgerNumbers | undefined {
    return this.#numbers
  }

  /** The journal is on disk up to here. */
  grown(position: JournalPosition): void {
    this.#post({ kind: 'grown', position })
  }

  /** @throws {Error} when too many questions wait already */
  ask<K extends Query['kind']>(query: Extract<Query, { kind: K }>): Promise<Answers[K]> {
    if (this.#waiting.size >= MAX_WAITING)
      return Promise.reject(new Error('too many questions to the ledger'))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#post({ kind: 'query', id, query })
    })
  }

  async close(): Promise<void> {
    clearTimeout(this.#restart)
    await this.#worker.terminate()
  }

  #start(): Worker {
    const worker = startThread(import.meta.url, './ledger-thread', this.#data)
    worker.on('message', (message: FromLedger) => this.#take(message))
    worker.on('error', (error) => this.#failed(error))
    return worker
  }

  /** Shares are kept all the same, and jobs follow the last distribution, until the ledger has read the journal again. */
  #failed(error: Error): void {
    this.#deps.log.error({ err: error, retryMs: RESTART_MS }, 'the ledger failed; it is started again')
    this.#numbers = undefined
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    this.#restart = setTimeout(() => {
      this.#worker = this.#start()
    }, RESTART_MS)
  }

  #take(message: FromLedger): void {
    switch (message.kind) {
      case 'line':
        return this.#deps.log[message.level](message.fields, message.text)
      case 'distribution':
        return this.#deps.onDistribution(message.distribution, message.voids)
      case 'append':
        return this.#deps.append(message.record)
      case 'numbers':
        this.#numbers = message.numbers
        return
      case 'answer': {
        const waiting = this.#waiting.get(message.id)
        this.#waiting.delete(message.id)
        return waiting?.resolve(message.answer as never)
      }
      default:
        throw new TypeError(`no message of the ledger: ${message satisfies never}`)
    }
  }

  #post(message: ToLedger): void {
    this.#worker.postMessage(message)
  }
}

/** What the ledger tells of itself, as metrics. */
export function ledgerGauges(registry: Registry, numbers: () => LedgerNumbers | undefined): void {
  const gauge = (name: string, help: string, of: (numbers: LedgerNumbers) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const known = numbers()
        if (known !== undefined) this.set(of(known))
      },
    })
  }
  gauge('sv2_pool_ledger_accounts', 'Accounts of the ledger', ({ accounts }) => accounts)
  gauge(
    'sv2_pool_ledger_records',
    'Records of the journal that the ledger has read',
    ({ sequence }) => sequence,
  )
  gauge('sv2_pool_ledger_pending_blocks', 'Blocks that too few blocks stand on', (n) => n.pendingBlocks)
  gauge('sv2_pool_ledger_confirmed_blocks', 'Blocks that count for good', (n) => n.confirmedBlocks)
  gauge('sv2_pool_ledger_orphaned_blocks', 'Blocks whose place another one took', (n) => n.orphanedBlocks)
  gauge(
    'sv2_pool_ledger_distribution_timestamp_seconds',
    'When the payout distribution in use was made; 0: there is none',
    ({ distributionAt }) => distributionAt / 1000,
  )
  gauge('sv2_pool_ledger_owed_satoshi', 'What miners are owed beyond the block to come', ({ owed }) => owed)
  gauge('sv2_pool_ledger_overpaid_satoshi', 'What miners were paid too much', ({ overpaid }) => overpaid)
  gauge(
    'sv2_pool_ledger_unknown_blocks',
    'Blocks of ours in the chain that no record knew, since the start',
    (n) => n.unknownBlocks,
  )
  gauge(
    'sv2_pool_ledger_node_behind_blocks',
    'Blocks that the node of the ledger knows the headers of, and does not have',
    (n) => n.nodeBehind,
  )
  gauge('sv2_pool_ledger_node_away', '1 while no node says what became of our blocks', (n) =>
    n.isNodeAway ? 1 : 0,
  )
}
