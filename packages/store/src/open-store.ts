import { readFileSync } from 'node:fs'
import { type Dialect, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import type { LedgerStore } from './ledger-store.ts'
import { MemoryStore } from './memory-store.ts'
import { SqlStore } from './sql-store.ts'

/** Connections to PostgreSQL: one writes, one answers questions meanwhile. */
const CONNECTIONS = 2
const CONNECT_TIMEOUT_MS = 5_000

/** Where the tables of the ledger are. */
export interface StoreSettings {
  /** `memory`, `pglite:FOLDER`, or `postgres://user@host/database`. */
  readonly url: string
  /** With the password of the database's user. */
  readonly passwordFile?: string | undefined
}

/** What is wrong with the place of a store; undefined when nothing is. */
export function storeProblem(url: string): string | undefined {
  if (url === 'memory' || /^pglite:.+/.test(url)) return undefined
  if (!/^postgres(ql)?:\/\/./.test(url) || !URL.canParse(url))
    return 'must be memory, pglite:FOLDER, or postgres://user@host/database'
  return new URL(url).password === '' ? undefined : 'the password belongs into store_password_file'
}

/**
 * Opens a store. The programs behind it are loaded only when they are used.
 * @throws what the database says
 */
export async function openStore({ url, passwordFile }: StoreSettings): Promise<LedgerStore> {
  if (url === 'memory') return new MemoryStore()
  return SqlStore.open(
    url.startsWith('pglite:') ? await pglite(url.slice(7)) : await postgres(url, passwordFile),
  )
}

async function postgres(url: string, passwordFile: string | undefined): Promise<Dialect> {
  const { default: pg } = await import('pg')
  const password = passwordFile === undefined ? undefined : readFileSync(passwordFile, 'utf8').trim()
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...(password !== undefined && { password }),
  })
  // A connection that breaks while nobody uses it: the next question opens another.
  pool.on('error', () => {})
  return new PostgresDialect({ pool })
}

/** PGlite has one connection, and queries wait for their turn. It does not flush to disk, so it is never the truth. */
async function pglite(folder: string): Promise<Dialect> {
  const { PGlite } = await import('@electric-sql/pglite')
  const db = await PGlite.create(folder)
  let turn: Promise<void> = Promise.resolve()
  const pool: PostgresPool = {
    async connect() {
      const before = turn
      let release = (): void => {}
      turn = new Promise((resolve) => {
        release = resolve
      })
      await before
      const client = {
        async query(text: string, parameters: readonly unknown[]) {
          const { rows, affectedRows } = await db.query(text, [...parameters])
          return { command: commandOf(text), rowCount: affectedRows ?? rows.length, rows }
        },
        release,
      }
      return client as PostgresPoolClient
    },
    end: () => db.close(),
  }
  return new PostgresDialect({ pool })
}

/** Kysely counts rows of these alone. */
function commandOf(text: string): 'UPDATE' | 'DELETE' | 'INSERT' | 'SELECT' {
  const [word = ''] = text.trimStart().split(/\s/, 1)
  const command = word.toUpperCase()
  return command === 'UPDATE' || command === 'DELETE' || command === 'INSERT' ? command : 'SELECT'
}
