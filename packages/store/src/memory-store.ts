import type { AccountKey } from '@sv2/roles/ledger'
import {
  type LedgerStore,
  SPANS,
  type StoreBatch,
  type StoredBlock,
  type StoredEarning,
  StoreOrderError,
  type WorkPoint,
  type WorkQuery,
} from './ledger-store.ts'

/** Work is kept for so long, ms. */
const WORK_KEPT = SPANS.day

/** The store of a pool that has no database: work of a day, and all blocks. */
export class MemoryStore implements LedgerStore {
  readonly #cursors = new Map<number, number>()
  readonly #blocks = new Map<string, StoredBlock>()
  /** By account, then by worker and start. */
  readonly #work = new Map<AccountKey, Map<string, WorkPoint & { readonly worker: string }>>()
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
    for (const { account, worker, start, shares, work: hashes } of work) {
      const points = this.#work.get(account) ?? new Map<string, WorkPoint & { readonly worker: string }>()
      this.#work.set(account, points)
      const key = `${start}/${worker}`
      const known = points.get(key)
      points.set(key, {
        worker,
        start,
        span: SPANS.tenMinutes,
        shares: (known?.shares ?? 0) + shares,
        work: (known?.work ?? 0n) + hashes,
      })
    }
  }

  async work({ account, worker, from, to }: WorkQuery): Promise<WorkPoint[]> {
    const sums = new Map<number, WorkPoint>()
    for (const point of this.#work.get(account)?.values() ?? []) {
      const { start, span, shares, work } = point
      if (start < from || start >= to || (worker !== undefined && worker !== point.worker)) continue
      const known = sums.get(start)
      sums.set(start, {
        start,
        span,
        shares: (known?.shares ?? 0) + shares,
        work: (known?.work ?? 0n) + work,
      })
    }
    return [...sums.values()].sort((a, b) => a.start - b.start)
  }

  async earnings(account: AccountKey, limit: number): Promise<StoredEarning[]> {
    return [...this.#blocks.values()]
      .flatMap(({ hash, height, time, state, parts }) => {
        const part = parts.find((one) => one.account === account)
        return part === undefined ? [] : [{ hash, height, time, state, earned: part.earned, paid: part.paid }]
      })
      .sort((a, b) => b.time - a.time)
      .slice(0, limit)
  }

  async balances(): Promise<(readonly [AccountKey, bigint])[]> {
    return [...this.#balances]
  }

  async rollUp(now: number): Promise<void> {
    for (const [account, points] of this.#work) {
      for (const [key, { start }] of points) if (start < now - WORK_KEPT) points.delete(key)
      if (points.size === 0) this.#work.delete(account)
    }
  }

  async clear(): Promise<void> {
    this.#cursors.clear()
    this.#blocks.clear()
    this.#work.clear()
    this.#balances = []
  }

  async close(): Promise<void> {}
}
