import { type AccountKey, type BlockState, POOL } from '@sv2/roles/ledger'
import { type Dialect, Kysely, Migrator, sql, type Transaction } from 'kysely'
import { columnBatch, columnText, nameOfColumn } from './column-text.ts'
import {
  type EarningsQuery,
  KEPT,
  type LedgerStore,
  SPANS,
  type StoreBatch,
  type StoredBlock,
  type StoredEarning,
  StoreOrderError,
  type WorkPoint,
  type WorkQuery,
} from './ledger-store.ts'
import { MIGRATIONS, type Tables } from './tables.ts'
import { type TotalWork, totalsOf } from './total-work.ts'

/** Rows of one statement: a statement has room for 65,535 parameters. */
const ROWS_AT_ONCE = 1_000

/** The store in a database that speaks PostgreSQL's SQL. */
export class SqlStore implements LedgerStore {
  readonly #db: Kysely<Tables>

  private constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /** Connects, and brings the tables to their newest form. @throws what the database says */
  static async open(dialect: Dialect): Promise<SqlStore> {
    const db = new Kysely<Tables>({ dialect })
    const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } })
    const { error } = await migrator.migrateToLatest()
    if (error !== undefined) {
      await db.destroy()
      throw error
    }
    return new SqlStore(db)
  }

  async cursor(node: number): Promise<number> {
    const row = await this.#db
      .selectFrom('cursor')
      .select('sequence')
      .where('node', '=', node)
      .executeTakeFirst()
    return Number(row?.sequence ?? 0)
  }

  async apply(given: StoreBatch): Promise<void> {
    const batch = columnBatch(given)
    await this.#db.transaction().execute(async (db) => {
      await moveCursor(db, batch)
      for (const rows of pages(batch.accounts))
        await db
          .insertInto('account')
          .values([...rows])
          .onConflict((row) => row.column('key').doUpdateSet({ name: sql`excluded.name` }))
          .execute()
      for (const block of batch.blocks) await putBlock(db, block)
      if (batch.balances !== undefined) await putBalances(db, batch.balances)
      for (const rows of pages(batch.work)) await addWork(db, rows)
      for (const rows of pages(totalsOf(batch.work))) await addTotals(db, rows)
    })
  }

  async work({ account = POOL, worker, from, to }: WorkQuery): Promise<WorkPoint[]> {
    const [earliest, end] = [String(from), String(to)]
    const rows =
      worker === undefined
        ? await this.#db
            .selectFrom('total_work')
            .select(['start', 'span', 'shares', 'work'])
            .where('account', '=', columnText(account))
            .where('start', '>=', earliest)
            .where('start', '<', end)
            .orderBy('start')
            .execute()
        : await this.#db
            .selectFrom('work')
            .select(['start', 'span', 'shares', 'work'])
            .where('account', '=', columnText(account))
            .where('worker', '=', columnText(worker))
            .where('start', '>=', earliest)
            .where('start', '<', end)
            .orderBy('start')
            .execute()
    return rows.map(({ start, span, shares, work }) => ({
      start: Number(start),
      span,
      shares: Number(shares),
      work: BigInt(work),
    }))
  }

  async earnings({ account, limit, after }: EarningsQuery): Promise<StoredEarning[]> {
    let query = this.#db
      .selectFrom('part')
      .innerJoin('block', 'block.hash', 'part.hash')
      .select(['block.hash', 'height', 'time', 'state', 'earned', 'paid'])
      .where('part.account', '=', columnText(account))
    if (after !== undefined) {
      const { hash } = after
      const time = String(after.time)
      query = query.where((is) =>
        is.or([is('time', '<', time), is.and([is('time', '=', time), is('block.hash', '>', hash)])]),
      )
    }
    const rows = await query.orderBy('time', 'desc').orderBy('block.hash').limit(limit).execute()
    return rows.map(({ hash, height, time, state, earned, paid }) => ({
      hash,
      height,
      time: Number(time),
      state: state as BlockState,
      earned: BigInt(earned),
      paid: BigInt(paid),
    }))
  }

  async balances(): Promise<(readonly [AccountKey, bigint])[]> {
    const rows = await this.#db.selectFrom('balance').selectAll().execute()
    // by code point, as the ledger sorts them; a database's own order is that of a language
    return rows
      .map(({ account, value }) => [nameOfColumn(account), BigInt(value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
  }

  async rollUp(now: number): Promise<void> {
    await this.#db.transaction().execute(async (db) => {
      await merge(db, { from: SPANS.tenMinutes, to: SPANS.hour, before: now - KEPT.tenMinutes })
      await merge(db, { from: SPANS.hour, to: SPANS.day, before: now - KEPT.hour })
    })
  }

  async clear(): Promise<void> {
    await this.#db.transaction().execute(async (db) => {
      for (const table of ['cursor', 'account', 'block', 'part', 'balance', 'work', 'total_work'] as const)
        await db.deleteFrom(table).execute()
    })
  }

  async close(): Promise<void> {
    await this.#db.destroy()
  }
}

/** Locks the node's cursor, and moves it: what was applied before is not applied again. */
async function moveCursor(db: Transaction<Tables>, { node, from, next }: StoreBatch): Promise<void> {
  const row = await db
    .selectFrom('cursor')
    .select('sequence')
    .where('node', '=', node)
    .forUpdate()
    .executeTakeFirst()
  const cursor = Number(row?.sequence ?? 0)
  if (cursor !== from) throw new StoreOrderError(`a batch from ${from} on, and the store ends at ${cursor}`)
  await db
    .insertInto('cursor')
    .values({ node, sequence: next })
    .onConflict((conflict) => conflict.column('node').doUpdateSet({ sequence: next }))
    .execute()
}

async function putBlock(db: Transaction<Tables>, block: StoredBlock): Promise<void> {
  const { hash, height, time, state, confirmations, distributionId, worker, total, fee, outside } = block
  await db
    .insertInto('block')
    .values({
      hash,
      height,
      time,
      state,
      confirmations,
      distribution_id: distributionId,
      finder: block.finder ?? null,
      worker,
      total,
      fee,
      outside,
    })
    .onConflict((row) =>
      row.column('hash').doUpdateSet({ state, confirmations, finder: block.finder ?? null }),
    )
    .execute()
  // an account may go by another key since
  await db.deleteFrom('part').where('hash', '=', hash).execute()
  for (const rows of pages(block.parts))
    await db
      .insertInto('part')
      .values(rows.map((part) => ({ hash, ...part })))
      .execute()
}

async function putBalances(
  db: Transaction<Tables>,
  balances: readonly (readonly [AccountKey, bigint])[],
): Promise<void> {
  await db.deleteFrom('balance').execute()
  for (const rows of pages(balances))
    await db
      .insertInto('balance')
      .values(rows.map(([account, value]) => ({ account, value })))
      .execute()
}

async function addWork(db: Transaction<Tables>, rows: StoreBatch['work']): Promise<void> {
  await db
    .insertInto('work')
    .values(
      rows.map(({ account, worker, start, shares, work }) => ({
        account,
        worker,
        span: SPANS.tenMinutes,
        start,
        shares,
        work: work.toString(),
      })),
    )
    .onConflict((row) =>
      row.columns(['account', 'worker', 'span', 'start']).doUpdateSet({
        shares: sql`work.shares + excluded.shares`,
        work: sql`work.work + excluded.work`,
      }),
    )
    .execute()
}

async function addTotals(db: Transaction<Tables>, rows: readonly TotalWork[]): Promise<void> {
  await db
    .insertInto('total_work')
    .values(rows.map((row) => ({ ...row, span: SPANS.tenMinutes, work: row.work.toString() })))
    .onConflict((row) =>
      row.columns(['account', 'span', 'start']).doUpdateSet({
        shares: sql`total_work.shares + excluded.shares`,
        work: sql`total_work.work + excluded.work`,
      }),
    )
    .execute()
}

interface Merging {
  readonly from: number
  readonly to: number
  readonly before: number
}

async function merge(db: Transaction<Tables>, { from, to, before }: Merging): Promise<void> {
  // whole spans only: half of one would be told as all of it
  const end = before - (before % to)
  await sql`
    insert into work (account, worker, span, start, shares, work)
    select account, worker, ${to}::integer, longer, sum(shares), sum(work)
    from (select *, start - mod(start, ${to}::bigint) as longer from work where span = ${from} and start < ${end}) old
    group by account, worker, longer
    on conflict (account, worker, span, start)
    do update set shares = work.shares + excluded.shares, work = work.work + excluded.work`.execute(db)
  await sql`
    insert into total_work (account, span, start, shares, work)
    select account, ${to}::integer, longer, sum(shares), sum(work)
    from (select *, start - mod(start, ${to}::bigint) as longer from total_work where span = ${from} and start < ${end}) old
    group by account, longer
    on conflict (account, span, start)
    do update set shares = total_work.shares + excluded.shares, work = total_work.work + excluded.work`.execute(
    db,
  )
  for (const table of ['work', 'total_work'] as const)
    await db.deleteFrom(table).where('span', '=', from).where('start', '<', String(end)).execute()
}

function* pages<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield rows.slice(at, at + ROWS_AT_ONCE)
}
