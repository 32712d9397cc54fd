import { unhex } from '@sv2/bitcoin'
import { z } from 'zod'
import type { AccountStats, WorkerStats } from '../stats/parties.ts'
import type { Tally } from '../stats/tally.ts'
import { VERSION } from '../version.ts'
import type { AccountBooks, HistoryRequest } from './ledger-view.ts'
import { pageByNumber, pageOf, pageQuery, type Route, resource } from './route.ts'
import * as shapes from './shapes.ts'
import type { ApiSources } from './sources.ts'
import { toldHistory, toldRates, toldShares } from './told.ts'

const name = z.string().max(1_024)
const account = z.strictObject({ account: name })
const span = z
  .enum(['hour', 'day', 'month', 'year'])
  .default('day')
  .describe(
    'hour: by minutes; day: by ten minutes; month: by hours, and year: by days, where a ledger keeps tables',
  )
const pages = z.strictObject(pageQuery)
const signature = z.string().min(1).max(1_000)
/** The last moment that a date can name, unix ms. */
const MOST_TIME = 8.64e15

/** Hashes of a block at difficulty 1, and seconds of a day. */
const HASHES_PER_DIFFICULTY = 2 ** 32
const DAY_SEC = 86_400

/** Resources of a node, its accounts, and what they are paid. */
export function poolRoutes(sources: ApiSources): Route[] {
  const { stats, now, ledger } = sources
  /** The tables reach further back than the process, but they may be away. */
  const history = async (
    { span: of, ...whose }: Omit<HistoryRequest, 'span'> & { readonly span: z.output<typeof span> },
    tally: Tally | undefined,
  ) => {
    const stored = of === 'hour' ? undefined : await ledger?.history({ ...whose, span: of }, now())
    if (stored !== undefined || of === 'month' || of === 'year') return stored
    return tally && toldHistory(tally, of, now())
  }
  return [
    resource('/api/v1/pool', 'This node as a whole', {
      answer: shapes.node,
      handle: () => toldNode(sources),
    }),
    resource('/api/v1/pool/history', 'Hash rate of all miners over time', {
      query: z.strictObject({ span }),
      answer: shapes.history,
      handle: ({ query }) => history(query, stats.total),
    }),
    resource('/api/v1/accounts/{account}', 'An account: its shares, and what it is owed', {
      params: account,
      answer: shapes.account,
      handle: async ({ params }) => {
        const known = stats.workers.accounts.get(params.account)
        const books = await ledger?.account(params.account)
        if (known === undefined && books === undefined) return undefined
        return toldAccount({ name: params.account, known, books }, sources)
      },
    }),
    resource('/api/v1/accounts/{account}/history', 'Hash rate of an account, or of one worker, over time', {
      params: account,
      query: z.strictObject({ span, worker: name.optional().describe('All of them when missing') }),
      answer: shapes.history,
      handle: ({ params, query }) => {
        const known = stats.workers.accounts.get(params.account)
        const whose = query.worker === undefined ? known : known?.workers.get(query.worker)
        return history({ ...params, ...query }, whose?.tally)
      },
    }),
    resource(
      '/api/v1/accounts/{account}/workers',
      'Workers of an account, the one that came first in front',
      {
        params: account,
        query: pages,
        answer: pageOf(shapes.worker),
        handle: ({ params, query }) => {
          const known = stats.workers.accounts.get(params.account)
          if (known === undefined) return undefined
          const { items, next } = pageByNumber(known.workers.values(), query, ({ number }) => number)
          return { items: items.map((worker) => toldWorker(worker, now())), next }
        },
      },
    ),
    resource(
      '/api/v1/accounts/{account}/earnings',
      'What an account earned by each block, the newest first',
      {
        params: account,
        query: pages,
        answer: pageOf(shapes.earning).extend({ as_of: shapes.asOf }),
        handle: async ({ params, query }) => {
          const stored = await ledger?.earnings(params.account, query)
          if (stored !== undefined) return stored
          const books = await ledger?.account(params.account)
          // without tables there are the latest alone
          return books && { items: books.earnings.slice(0, query.limit), next: null, as_of: now() }
        },
      },
    ),
    resource('/api/v1/accounts/{account}/coinbase', 'The coinbase that an account mines now', {
      params: account,
      answer: shapes.coinbase,
      handle: ({ params }) => sources.coinbase?.(params.account),
    }),
    resource('/api/v1/blocks', 'Blocks that were found here, the newest first', {
      query: pages,
      answer: pageOf(shapes.block),
      handle: ({ query }) => ledger?.blocks(query) ?? foundBlocks(sources, query),
    }),
    resource(
      '/api/v1/accounts/{account}/address',
      'Sets the address that a name is paid to, by its signature',
      {
        method: 'POST',
        isOpen: true,
        params: account,
        body: z.strictObject({
          address: z.string().max(128),
          signed_at: z.int().min(0).max(MOST_TIME).describe('Unix ms, as in the message that is signed'),
          signature: signature.describe('Of the address, base64: BIP 322 simple, or legacy for P2PKH'),
          previous_signature: signature.optional().describe('Of the address before, where there is one'),
        }),
        answer: shapes.setAddress,
        handle: ({ params, body }) =>
          sources.setAddress?.({
            name: params.account,
            address: body.address,
            signedAt: body.signed_at,
            signatures: [body.signature, ...(body.previous_signature ? [body.previous_signature] : [])],
          }),
      },
    ),
    resource('/api/v1/payments', 'Books a transaction that pays balances; it is booked once', {
      method: 'POST',
      body: z.strictObject({
        transaction: z
          .string()
          .max(800_000)
          .regex(/^([0-9a-f]{2})+$/i, 'must be hexadecimal')
          .describe('The signed transaction, hex'),
      }),
      answer: shapes.bookedPayment,
      handle: ({ body }) => sources.bookPayment?.(unhex(body.transaction)),
    }),
    resource('/api/v1/balances', 'What accounts are owed beyond the block to come', {
      query: pages,
      answer: pageOf(shapes.balance),
      handle: ({ query }) => ledger?.balances(query),
    }),
    resource('/api/v1/distribution', 'How the block to come is split', {
      answer: shapes.distribution,
      handle: () => ledger?.distribution(),
    }),
  ]
}

function toldNode({
  role,
  stats,
  network,
  ok,
  doors,
  ledger,
  now,
}: ApiSources): z.output<typeof shapes.node> {
  const { tip } = stats
  const time = now()
  return {
    role,
    version: VERSION,
    network: network ?? null,
    ok: ok(),
    started_at: stats.startedAt,
    now: time,
    miners: stats.clients.size,
    channels: stats.channels.standard + stats.channels.extended,
    workers: stats.workers.size,
    hashrate: toldRates(stats.total, time),
    shares: toldShares(stats.total),
    tip:
      tip === undefined
        ? null
        : { prev_hash: tip.prevHash, network_difficulty: tip.networkDifficulty, at: tip.at },
    doors: [...doors()],
    pays: ledger !== undefined,
  }
}

function toldAccount(
  of: {
    readonly name: string
    readonly known: AccountStats | undefined
    readonly books: AccountBooks | undefined
  },
  { stats, now }: ApiSources,
): z.output<typeof shapes.account> {
  const { known, books, name: account } = of
  const time = now()
  const hashrate = known === undefined ? { ten_minutes: 0, hour: 0, day: 0 } : toldRates(known.tally, time)
  const difficulty = stats.tip?.networkDifficulty
  return {
    account,
    workers: known?.workers.size ?? 0,
    hashrate,
    shares: known === undefined ? NO_SHARES : toldShares(known.tally),
    odds_per_day:
      difficulty === undefined || difficulty <= 0
        ? null
        : (hashrate.hour * DAY_SEC) / (difficulty * HASHES_PER_DIFFICULTY),
    books: books?.books ?? null,
  }
}

const NO_SHARES: z.output<typeof shapes.shares> = {
  accepted: 0,
  refused: 0,
  refused_by_reason: {},
  work: 0,
  best: 0,
  last_share_at: null,
  blocks: 0,
}

function toldWorker(worker: WorkerStats, now: number): z.output<typeof shapes.worker> {
  return {
    worker: worker.name,
    connected: worker.channels > 0,
    channels: worker.channels,
    connected_at: worker.connectedAt,
    left_at: worker.leftAt ?? null,
    difficulty: worker.difficulty,
    hashrate: toldRates(worker.tally, now),
    shares: toldShares(worker.tally),
  }
}

function foundBlocks(
  { stats }: ApiSources,
  { limit, cursor }: z.output<typeof pages>,
): z.output<ReturnType<typeof pageOf<typeof shapes.block>>> {
  const before = Math.min(
    stats.blocks.length,
    Math.max(0, Math.trunc(Number(cursor ?? stats.blocks.length)) || 0),
  )
  const from = Math.max(0, before - limit)
  const items = stats.blocks
    .slice(from, before)
    .reverse()
    .map((block) => ({
      ...block,
      height: null,
      state: 'found' as const,
      confirmations: null,
      total_sat: null,
      fee_sat: null,
    }))
  return { items, next: from > 0 ? String(from) : null }
}
