import { type AccountKey, POOL } from '@sv2/roles/ledger'
import {
  type EarningsQuery,
  type LedgerStore,
  SPANS,
  type StoreBatch,
  type StoredBlock,
  type StoredEarning,
  type StoredWork,
  StoreOrderError,
  type WorkPoint,
  type WorkQuery,
} from './ledger-store.ts'
import { totalsOf } from './total-work.ts'

/** Work is kept for so long, ms. */
const WORK_KEPT = SPANS.day

interface Point extends WorkPoint {
  readonly worker: string
}

/** The store of a pool that has no database: work of a day, and all blocks. */
export class MemoryStore implements LedgerStore {
  readonly #cursors = new Map<number, number>()
  readonly #blocks = new Map<string, StoredBlock>()
  /** By account, then by worker and start. */
  readonly #work = new Map<AccountKey, Map<string, Point>>()
  /** By account, then by start. */
  readonly #totals = new Map<AccountKey, Map<string, Point>>()
  #balances: readonly (readonly [AccountKey, bigint])[] = []

  async cursor(node: number): Promise<number> {
    return this.#cursors.get(node) ?? 0
  }

  async apply({ node, from, next, blocks, balances, work }: StoreBatch): Promise<void> {
    const cursor = await this.cursor(node)
    if (from !== cursor) throw new StoreOrderError(`a batch from ${from} on, and the store ends at ${cursor}`)
    this.#cursors.set(node, next)
    for (const block of blocks) this.#blocks.set(block.hash, block)
    if (balances !== undefined) this.#balances = balances
    for (const one of work) add(this.#work, `${one.start}/${one.worker}`, one)
    for (const one of totalsOf(work)) add(this.#totals, String(one.start), { ...one, worker: '' })
  }

  async work({ account = POOL, worker, from, to }: WorkQuery): Promise<WorkPoint[]> {
    const points = (worker === undefined ? this.#totals : this.#work).get(account)?.values() ?? []
    return [...points]
      .filter((one) => one.start >= from && one.start < to && (worker === undefined || worker === one.worker))
      .map(({ start, span, shares, work }) => ({ start, span, shares, work }))
      .sort((a, b) => a.start - b.start)
  }

  async earnings({ account, limit, after }: EarningsQuery): Promise<StoredEarning[]> {
    return [...this.#blocks.values()]
      .flatMap(({ hash, height, time, state, parts }) => {
        const part = parts.find((one) => one.account === account)
        return part === undefined ? [] : [{ hash, height, time, state, earned: part.earned, paid: part.paid }]
      })
      .sort(newestFirst)
      .filter((one) => after === undefined || newestFirst(after, one) < 0)
      .slice(0, limit)
  }

  async balances(): Promise<(readonly [AccountKey, bigint])[]> {
    return [...this.#balances]
  }

  async rollUp(now: number): Promise<void> {
    for (const kept of [this.#work, this.#totals])
      for (const [account, points] of kept) {
        for (const [key, { start }] of points) if (start < now - WORK_KEPT) points.delete(key)
        if (points.size === 0) kept.delete(account)
      }
  }

  async clear(): Promise<void> {
    this.#cursors.clear()
    this.#blocks.clear()
    this.#work.clear()
    this.#totals.clear()
    this.#balances = []
  }

  async close(): Promise<void> {}
}

function add(into: Map<AccountKey, Map<string, Point>>, key: string, one: StoredWork): void {
  const points = into.get(one.account) ?? new Map<string, Point>()
  into.set(one.account, points)
  const known = points.get(key)
  points.set(key, {
    worker: one.worker,
    start: one.start,
    span: SPANS.tenMinutes,
    shares: (known?.shares ?? 0) + one.shares,
    work: (known?.work ?? 0n) + one.work,
  })
}

function newestFirst(
  a: Pick<StoredEarning, 'time' | 'hash'>,
  b: Pick<StoredEarning, 'time' | 'hash'>,
): number {
  return b.time - a.time || (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0)
}
