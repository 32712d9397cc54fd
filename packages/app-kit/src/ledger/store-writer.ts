import type { Entry } from '@sv2/journal'
import type { Ledger, LedgerFact, LedgerSettings } from '@sv2/roles/ledger'
import type { LedgerStore, Projection, StoreBatch, StoreSettings, wholeBatch } from '@sv2/store'
import { MissingSegmentsError, restoreLedger } from './ledger-snapshots.ts'

/** The module of the store, which is loaded only where one is configured: `@sv2/store`. */
export interface StoreModule {
  openStore(settings: StoreSettings): Promise<LedgerStore>
  readonly Projection: typeof Projection
  readonly wholeBatch: typeof wholeBatch
}

export interface StoreWriterSettings {
  readonly store: StoreSettings
  readonly folder: string
  readonly node: number
  readonly ledger: LedgerSettings
}

/** What came of a turn of the writer. */
export type StoreState = 'written' | 'away' | 'ahead'

/** Work is rolled up this often, ms. */
const ROLL_UP_EVERY_MS = 3_600_000

/**
 * Brings the tables of the ledger up to date. The store may be away: what it lacks is kept, and read from the journal again
 * where it was away from the start.
 */
export class StoreWriter {
  readonly #settings: StoreWriterSettings
  readonly #module: StoreModule
  readonly #ledger: Ledger
  #store: LedgerStore | undefined
  #projection: Projection | undefined
  /** Not applied yet. */
  #pending: StoreBatch | undefined
  #writtenAt: number | undefined
  #rolledUpAt = Number.NEGATIVE_INFINITY

  /** @param ledger that whose facts `take` is given */
  constructor(settings: StoreWriterSettings, module: StoreModule, ledger: Ledger) {
    this.#settings = settings
    this.#module = module
    this.#ledger = ledger
  }

  /** Opens the store before the journal is read. @throws what the store says */
  async open(): Promise<void> {
    const { store: settings, node } = this.#settings
    const store = await this.#module.openStore(settings)
    const until = this.#ledger.cursor(node)
    const from = await store.cursor(node)
    if (from < until) await store.apply(this.#missing(from, until))
    this.#projection = new this.#module.Projection(this.#ledger, node, Math.max(from, until))
    this.#store = store
  }

  /** Unix ms of the last time that the store had all that the ledger had read; undefined before that. */
  get writtenAt(): number | undefined {
    return this.#writtenAt
  }

  get store(): LedgerStore | undefined {
    return this.#store
  }

  /** A record that the ledger took, and what came of it. */
  take(entry: Entry, facts: readonly LedgerFact[]): void {
    this.#projection?.take(entry, facts)
  }

  /**
   * Writes what the store lacks.
   * @param now unix ms
   * @returns `ahead` when the store has what the journal has not: it was made from another one
   * @throws what the store says; then it is tried again the next time
   */
  async write(now: number): Promise<StoreState> {
    if (this.#store === undefined) await this.open()
    const store = this.#store
    if (store === undefined) return 'away'
    if ((await store.cursor(this.#settings.node)) > this.#ledger.cursor(this.#settings.node)) return 'ahead'
    this.#pending ??= this.#projection?.batch()
    if (this.#pending !== undefined) await store.apply(this.#pending)
    this.#pending = undefined
    this.#writtenAt = now
    if (now < this.#rolledUpAt + ROLL_UP_EVERY_MS) return 'written'
    this.#rolledUpAt = now
    await store.rollUp(now)
    return 'written'
  }

  async close(): Promise<void> {
    await this.#store?.close()
  }

  /**
   * What a store lacks that was away, or is new: read from the journal again, up to where the ledger is. One in memory begins
   * anew with each start, and is not worth that; neither is there anything to read where old segments are not kept.
   */
  #missing(from: number, until: number): StoreBatch {
    const { node, store } = this.#settings
    const whole = () => this.#module.wholeBatch(this.#ledger, node, from)
    if (store.url === 'memory') return whole()
    try {
      return project(this.#settings, this.#module, { from, until }) ?? whole()
    } catch (error) {
      if (!(error instanceof MissingSegmentsError)) throw error
      return whole()
    }
  }
}

/** What a store lacks, from the journal alone. @throws {MissingSegmentsError} */
export function project(
  { folder, node, ledger: settings }: Omit<StoreWriterSettings, 'store'>,
  module: Pick<StoreModule, 'Projection'>,
  { from, until }: { readonly from: number; readonly until: number },
): StoreBatch | undefined {
  const { ledger, tail } = restoreLedger({ folder, node, settings }, { upTo: from })
  const projection = new module.Projection(ledger, node, from)
  for (const { sequence, record } of tail.read()) {
    if (sequence >= until) break
    const entry = { sequence, record }
    projection.take(entry, ledger.handle({ node, entry }))
  }
  tail.close()
  return projection.batch()
}
