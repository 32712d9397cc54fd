import { type ColumnType, type Kysely, type Migration, sql } from 'kysely'

/** 64 bits: a database gives it as text. */
type Big = ColumnType<string, bigint | number, bigint | number>

/** The tables of the ledger's store. Money in satoshi, times in unix ms. */
export interface Tables {
  /** How far each node's journal was applied. */
  cursor: { node: number; sequence: Big }
  account: { key: string; name: string }
  block: {
    hash: string
    height: number
    time: Big
    state: string
    confirmations: number
    distribution_id: Big
    finder: string | null
    worker: string
    total: Big
    fee: Big
    outside: Big
  }
  /** What an account earned by a block, and what the coinbase paid it. */
  part: { hash: string; account: string; earned: Big; paid: Big }
  balance: { account: string; value: Big }
  /** Hashes do not fit 64 bits. */
  work: {
    account: string
    worker: string
    span: number
    start: Big
    shares: Big
    work: ColumnType<string, string, string>
  }
  /** The same for all workers of an account together; those of all accounts stand under `pool`. */
  total_work: Omit<Tables['work'], 'worker'>
}

/** In the order in which they are made. A migration that was released is never changed. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001_tables': {
    async up(db: Kysely<never>): Promise<void> {
      const { schema } = db
      await schema
        .createTable('cursor')
        .addColumn('node', 'integer', (column) => column.primaryKey())
        .addColumn('sequence', 'bigint', (column) => column.notNull())
        .execute()
      await schema
        .createTable('account')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .execute()
      await schema
        .createTable('block')
        .addColumn('hash', 'text', (column) => column.primaryKey())
        .addColumn('height', 'integer', (column) => column.notNull())
        .addColumn('time', 'bigint', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('confirmations', 'integer', (column) => column.notNull())
        .addColumn('distribution_id', 'bigint', (column) => column.notNull())
        .addColumn('finder', 'text')
        .addColumn('worker', 'text', (column) => column.notNull())
        .addColumn('total', 'bigint', (column) => column.notNull())
        .addColumn('fee', 'bigint', (column) => column.notNull())
        .addColumn('outside', 'bigint', (column) => column.notNull())
        .execute()
      await schema
        .createTable('part')
        .addColumn('hash', 'text', (column) => column.notNull())
        .addColumn('account', 'text', (column) => column.notNull())
        .addColumn('earned', 'bigint', (column) => column.notNull())
        .addColumn('paid', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('part_key', ['hash', 'account'])
        .execute()
      await schema.createIndex('part_account').on('part').column('account').execute()
      await schema
        .createTable('balance')
        .addColumn('account', 'text', (column) => column.primaryKey())
        .addColumn('value', 'bigint', (column) => column.notNull())
        .execute()
      await schema
        .createTable('work')
        .addColumn('account', 'text', (column) => column.notNull())
        .addColumn('worker', 'text', (column) => column.notNull())
        .addColumn('span', 'integer', (column) => column.notNull())
        .addColumn('start', 'bigint', (column) => column.notNull())
        .addColumn('shares', 'bigint', (column) => column.notNull())
        .addColumn('work', 'numeric', (column) => column.notNull())
        .addPrimaryKeyConstraint('work_key', ['account', 'worker', 'span', 'start'])
        .execute()
      await schema.createIndex('work_age').on('work').columns(['span', 'start']).execute()
    },
  },
  '002_total_work': {
    async up(db: Kysely<never>): Promise<void> {
      await db.schema
        .createTable('total_work')
        .addColumn('account', 'text', (column) => column.notNull())
        .addColumn('span', 'integer', (column) => column.notNull())
        .addColumn('start', 'bigint', (column) => column.notNull())
        .addColumn('shares', 'bigint', (column) => column.notNull())
        .addColumn('work', 'numeric', (column) => column.notNull())
        .addPrimaryKeyConstraint('total_work_key', ['account', 'span', 'start'])
        .execute()
      await db.schema.createIndex('total_work_age').on('total_work').columns(['span', 'start']).execute()
      await sql`
        insert into total_work (account, span, start, shares, work)
        select account, span, start, sum(shares), sum(work) from work group by account, span, start
        union all
        select 'pool', span, start, sum(shares), sum(work) from work group by span, start`.execute(db)
    },
  },
}
