import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scriptToAddress } from '@sv2/bitcoin'
import type { JournalRecord } from '@sv2/journal'
import { Ledger } from '@sv2/roles/ledger'
import { aShare } from '@sv2/runtime/testing/written-journal'
import { openStore, Projection, wholeBatch } from '@sv2/store'
import { postgresFolder, startPostgres, type TestPostgres } from '@sv2/store/testing/postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { testedApi } from '../api/_api-fixtures.ts'
import { SETTINGS } from './_ledger-settings.ts'
import type { Query } from './ledger-messages.ts'
import { type LedgerQuery, LedgerView } from './ledger-queries.ts'
import { type StoreQuery, StoreView } from './store-queries.ts'
import { StoreWriter } from './store-writer.ts'
import { toldLedger } from './told-ledger.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const NOW = 20_000 * DAY + 5 * MINUTE
const [ALICE, BOB] = ['alice', 'bob']

const bin = postgresFolder()
const noPostgres = process.env.SV2_POSTGRES === undefined && bin === undefined
const folder = mkdtempSync(join(tmpdir(), 'store-queries-'))
let postgres: TestPostgres | undefined
beforeAll(async () => {
  if (process.env.SV2_POSTGRES === undefined && bin !== undefined) postgres = await startPostgres(bin)
}, 60_000)
afterAll(async () => {
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Two accounts, work of three workers in the last two hours, and seven blocks that pay Alice. */
function records(): JournalRecord[] {
  const share = (account: number, worker: number, minutesAgo: number): JournalRecord =>
    aShare({ time: NOW - minutesAgo * MINUTE, account, worker, work: 600n, networkWork: 1n << 60n })
  const output = (value: number, script: string) => {
    const amount = Buffer.alloc(8)
    amount.writeBigUInt64LE(BigInt(value))
    return `${amount.toString('hex')}${(script.length / 2).toString(16).padStart(2, '0')}${script}`
  }
  const block = (n: number): JournalRecord => ({
    kind: 'block',
    time: NOW - n * DAY,
    height: 100 + n,
    hash: new Uint8Array(32).fill(n),
    account: 1,
    worker: 1,
    distributionId: 0n,
    coinbase: new Uint8Array(
      Buffer.from(
        `0200000001${'00'.repeat(32)}ffffffff00ffffffff01${output(1_000_000, '51')}00000000`,
        'hex',
      ),
    ),
    header: new Uint8Array(80),
    source: 'share',
  })
  return [
    { kind: 'account', account: 1, name: ALICE!, script: Uint8Array.of(0x51, 0x51) },
    { kind: 'account', account: 2, name: BOB!, script: Uint8Array.of(0x51, 0x52) },
    { kind: 'worker', worker: 1, name: 'one' },
    { kind: 'worker', worker: 2, name: 'two' },
    share(1, 1, 100),
    share(1, 2, 100),
    share(2, 1, 80),
    share(1, 1, 80),
    ...[7, 6, 5, 4, 3, 2, 1].map(block),
  ]
}

describe.each(['memory', 'pglite', 'postgres'] as const)('the API on tables in %s', (kind) => {
  const run = kind === 'postgres' && noPostgres ? test.skip : test
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  async function anApi(more: readonly JournalRecord[] = []) {
    const url =
      kind === 'memory'
        ? 'memory'
        : kind === 'pglite'
          ? `pglite:${join(folder, 'db')}`
          : (process.env.SV2_POSTGRES ?? postgres!.url)
    const cleared = await openStore({ url })
    await cleared.clear()
    if (kind !== 'memory') await cleared.close()
    const ledger = new Ledger(SETTINGS)
    const settings = { store: { url }, folder, node: 0, ledger: SETTINGS }
    const writer = new StoreWriter(settings, { openStore, Projection, wholeBatch }, ledger)
    await writer.open()
    closing.push(() => writer.close())
    for (const [sequence, record] of [...records(), ...more].entries())
      writer.take({ sequence, record }, ledger.handle({ node: 0, entry: { sequence, record } }))
    const stored = new StoreView(ledger, writer)
    const view = new LedgerView(ledger, 'regtest', () => ledger.distribution)
    const ask = async (query: Query) =>
      query.kind === 'history' || query.kind === 'earnings'
        ? stored.answer(query satisfies StoreQuery)
        : view.answer(query as LedgerQuery)
    const api = testedApi({ ledger: toldLedger({ ask } as never) })
    api.clock.now = NOW
    const get = async (path: string) => {
      const { statusCode, body } = await api.app.inject({ url: `/api/v1/${path}` })
      return { status: statusCode, body: JSON.parse(body) }
    }
    return { writer, ledger, get }
  }

  run(
    'histories reach back before the process, and say how old they are',
    async () => {
      const { writer, get } = await anApi()
      expect((await get(`accounts/${ALICE}/history?span=month`)).status).toBe(404)
      await writer.write(NOW - 1)
      const day = await get(`accounts/${ALICE}/history?span=day`)
      expect(day.body.as_of).toBe(NOW - 1)
      expect(day.body.points[0]).toEqual({ at: NOW - 105 * MINUTE, hashrate: 2 })
      expect(day.body.points[1]).toEqual({ at: NOW - 95 * MINUTE, hashrate: 0 })
      expect(day.body.points[2]).toEqual({ at: NOW - 85 * MINUTE, hashrate: 1 })
      expect(day.body.points).toHaveLength(10)
      const two = await get(`accounts/${ALICE}/history?span=day&worker=two`)
      expect(two.body.points[0]).toEqual({ at: NOW - 105 * MINUTE, hashrate: 1 })
      const all = await get('pool/history?span=day')
      expect(all.body.points[2]).toEqual({ at: NOW - 85 * MINUTE, hashrate: 2 })
      const month = await get('pool/history?span=month')
      expect(month.body.points).toEqual([{ at: NOW - 125 * MINUTE, hashrate: 4 / 6 }, expect.anything()])
      expect((await get('accounts/nobody/history?span=month')).status).toBe(404)
    },
    60_000,
  )

  run(
    'what a name has worked before it had an address is in the history of both',
    async () => {
      const share = (minutesAgo: number) =>
        aShare({ time: NOW - minutesAgo * MINUTE, account: 3, worker: 1, work: 600n, networkWork: 1n << 60n })
      const script = Uint8Array.of(0, 20, ...new Array(20).fill(7))
      const { writer, get } = await anApi([
        { kind: 'account', account: 3, name: 'carol', script: new Uint8Array(0) },
        share(100),
        { kind: 'address', time: NOW - 90 * MINUTE, name: 'carol', script, signedAt: 1, signatures: [] },
        share(80),
      ])
      await writer.write(NOW)
      for (const name of ['carol', scriptToAddress(script, 'regtest')]) {
        const { body } = await get(`accounts/${name}/history?span=day`)
        expect(body.points.slice(0, 3).map(({ hashrate }: { hashrate: number }) => hashrate)).toEqual([
          1, 0, 1,
        ])
      }
    },
    60_000,
  )

  run(
    'earnings come by pages, the newest first, each one time',
    async () => {
      const { writer, get } = await anApi()
      await writer.write(NOW)
      const heights: number[] = []
      let pages = 0
      for (let cursor = ''; ; pages++) {
        const { body } = await get(`accounts/${ALICE}/earnings?limit=3${cursor}`)
        heights.push(...body.items.map(({ height }: { height: number }) => height))
        expect(body.as_of).toBe(NOW)
        if (body.next === null) break
        cursor = `&cursor=${body.next}`
      }
      expect(heights).toEqual([101, 102, 103, 104, 105, 106, 107])
      expect(pages).toBe(2)
      const refused = await get(`accounts/${ALICE}/earnings?cursor=7`)
      expect(refused).toMatchObject({ status: 400, body: { error: 'not a cursor of earnings' } })
    },
    60_000,
  )

  run(
    'a store that fails is passed over: what the process knows is told',
    async () => {
      const { writer, get } = await anApi()
      await writer.write(NOW)
      for (const name of ['work', 'earnings'] as const)
        Object.defineProperty(writer.store, name, { value: () => Promise.reject(new Error('gone')) })
      expect((await get('pool/history?span=day')).status).toBe(200)
      expect((await get('pool/history?span=year')).status).toBe(404)
      const { body } = await get(`accounts/${ALICE}/earnings?limit=5`)
      expect(body.items).toHaveLength(5)
      expect(body.next).toBeNull()
    },
    60_000,
  )
})
