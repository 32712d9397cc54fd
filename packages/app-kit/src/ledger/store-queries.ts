import type { Ledger } from '@sv2/roles/ledger'
import type { StoredEarning, WorkPoint } from '@sv2/store'
import type { StoreWriter } from './store-writer.ts'

/** What is asked of the tables of the ledger. */
export type StoreQuery =
  | {
      readonly kind: 'history'
      /** All accounts together when missing. */
      readonly account?: string | undefined
      /** All workers of the account when missing. */
      readonly worker?: string | undefined
      /** Unix ms; the second is not included. Both are multiples of `sliceMs`. */
      readonly from: number
      readonly to: number
      readonly sliceMs: number
    }
  | {
      readonly kind: 'earnings'
      readonly account: string
      readonly limit: number
      readonly after: { readonly time: number; readonly hash: string } | undefined
    }

/** What the tables answer; undefined: they are away, or know no such account. */
export interface StoreAnswers {
  readonly history: { readonly asOf: number; readonly slices: readonly WorkSlice[] } | undefined
  readonly earnings: { readonly asOf: number; readonly items: readonly StoredEarning[] } | undefined
}

/** Work of a span of time, in hashes per second. */
export interface WorkSlice {
  /** Unix ms when it began. */
  readonly at: number
  readonly hashrate: number
}

/** A database that takes longer than this is away, ms. */
const PATIENCE_MS = 5_000

/** Looks things up in the tables that a writer brings up to date. */
export class StoreView {
  readonly #ledger: Ledger
  readonly #writer: StoreWriter

  constructor(ledger: Ledger, writer: StoreWriter) {
    this.#ledger = ledger
    this.#writer = writer
  }

  /** Never fails: where the tables are away, there is no answer. */
  async answer(query: StoreQuery): Promise<StoreAnswers[StoreQuery['kind']]> {
    const { writtenAt: asOf } = this.#writer
    if (asOf === undefined) return undefined
    const given = query.kind === 'history' ? this.#history(query, asOf) : this.#earnings(query, asOf)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS)
    })
    // the writer tells of a store that is away
    return Promise.race([given, late])
      .catch(() => undefined)
      .finally(() => clearTimeout(timer))
  }

  async #history(
    { account: name, worker, from, to, sliceMs }: Extract<StoreQuery, { kind: 'history' }>,
    asOf: number,
  ): Promise<StoreAnswers['history']> {
    const account = name === undefined ? undefined : this.#ledger.accounts.find(name)
    if (name !== undefined && account === undefined) return undefined
    // work stands under the key that the account had then
    const keys = account === undefined ? [] : this.#ledger.accounts.formerKeys(account)
    const points: WorkPoint[] = []
    for (const key of [account, ...keys])
      points.push(...((await this.#writer.store?.work({ account: key, worker, from, to })) ?? []))
    return { asOf, slices: slicesOf(points, sliceMs, to) }
  }

  async #earnings(
    { account: name, limit, after }: Extract<StoreQuery, { kind: 'earnings' }>,
    asOf: number,
  ): Promise<StoreAnswers['earnings']> {
    const account = this.#ledger.accounts.find(name)
    if (account === undefined) return undefined
    return { asOf, items: (await this.#writer.store?.earnings({ account, limit, after })) ?? [] }
  }
}

/** Rates from the first work on; slices without work are there, with 0. */
function slicesOf(points: readonly WorkPoint[], sliceMs: number, to: number): WorkSlice[] {
  const sums = new Map<number, bigint>()
  for (const { start, work } of points) {
    const at = start - (start % sliceMs)
    sums.set(at, (sums.get(at) ?? 0n) + work)
  }
  const slices: WorkSlice[] = []
  const first = points.reduce((least, { start }) => Math.min(least, start), to)
  for (let at = first - (first % sliceMs); at < to; at += sliceMs)
    slices.push({ at, hashrate: (Number(sums.get(at) ?? 0n) * 1000) / sliceMs })
  return slices
}
