import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { postgresFolder, startPostgres, type TestPostgres } from './_postgres.ts'
import { KEPT, type LedgerStore, SPANS, type StoreBatch, type StoredBlock } from './ledger-store.ts'
import { openStore, storeProblem } from './open-store.ts'

const NOW = 20_000 * SPANS.day
const EMPTY = { accounts: [], blocks: [], balances: undefined, work: [] }

const BLOCK: StoredBlock = {
  hash: 'aa'.repeat(32),
  height: 900_000,
  time: NOW,
  state: 'pending',
  confirmations: 0,
  distributionId: 7n,
  finder: '0014aa',
  worker: "rig'; drop table block; --",
  total: 315_000_000n,
  fee: 6_300_000n,
  outside: 0n,
  parts: [
    { account: '0014aa', earned: 300_000_000n, paid: 299_999_999n },
    { account: 'pool', earned: 15_000_000n, paid: 15_000_001n },
  ],
}

const bin = postgresFolder()
const folder = mkdtempSync(join(tmpdir(), 'sv2-store-'))
let postgres: TestPostgres | undefined
beforeAll(async () => {
  if (process.env.SV2_POSTGRES === undefined && bin !== undefined) postgres = await startPostgres(bin)
}, 60_000)
afterAll(async () => {
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const noPostgres = process.env.SV2_POSTGRES === undefined && bin === undefined
if (noPostgres)
  process.stderr.write('PostgreSQL is not installed and SV2_POSTGRES names none: its store is not tested\n')

describe.each(['memory', 'pglite', 'postgres'] as const)('the store in %s', (kind) => {
  const run = kind === 'postgres' && noPostgres ? test.skip : test
  let store: LedgerStore

  const open = (): Promise<LedgerStore> =>
    openStore({
      url:
        kind === 'memory'
          ? 'memory'
          : kind === 'pglite'
            ? `pglite:${join(folder, 'db')}`
            : (process.env.SV2_POSTGRES ?? postgres!.url),
    })
  beforeAll(async () => {
    if (kind !== 'postgres' || !noPostgres) store = await open()
  }, 60_000)
  beforeEach(async () => await store?.clear())
  afterAll(async () => await store?.close())

  const batch = (from: number, next: number, change: Partial<StoreBatch> = {}): StoreBatch => ({
    node: 1,
    from,
    next,
    ...EMPTY,
    ...change,
  })
  const worked = (start: number, shares: number, worker = 'rig') => ({
    account: '0014aa',
    worker,
    start,
    shares,
    work: BigInt(shares) << 100n,
  })

  run('applies a batch once, and refuses one that is not next', async () => {
    expect(await store.cursor(1)).toBe(0)
    await store.apply(batch(0, 5, { work: [worked(0, 1)] }))
    expect(await store.cursor(1)).toBe(5)
    expect(await store.cursor(2)).toBe(0)
    await expect(store.apply(batch(0, 5, { work: [worked(0, 1)] }))).rejects.toThrow('the store ends at 5')
    await expect(store.apply(batch(6, 9))).rejects.toThrow('a batch from 6 on')
    expect(await store.work({ account: '0014aa', from: 0, to: 1 })).toMatchObject([{ shares: 1 }])
  })

  run('adds up work by worker and time, in numbers of any size', async () => {
    const start = SPANS.tenMinutes
    await store.apply(batch(0, 1, { work: [worked(0, 1), worked(start, 2), worked(start, 4, 'other')] }))
    await store.apply(batch(1, 2, { work: [worked(start, 8)] }))
    const all = await store.work({ account: '0014aa', from: 0, to: 2 * start })
    expect(all).toEqual([
      { start: 0, span: start, shares: 1, work: 1n << 100n },
      { start, span: start, shares: 14, work: 14n << 100n },
    ])
    const query = { account: '0014aa', worker: 'other', from: 0, to: 2 * start }
    expect(await store.work(query)).toMatchObject([{ shares: 4 }])
    expect(await store.work({ account: 'nobody', from: 0, to: 2 * start })).toEqual([])
  })

  run('adds up the work of all accounts', async () => {
    const start = SPANS.tenMinutes
    await store.apply(batch(0, 1, { work: [worked(0, 1), { ...worked(0, 2), account: '0014bb' }] }))
    await store.apply(batch(1, 2, { work: [{ ...worked(start, 4), account: '0014cc' }] }))
    expect(await store.work({ from: 0, to: 2 * start })).toEqual([
      { start: 0, span: start, shares: 3, work: 3n << 100n },
      { start, span: start, shares: 4, work: 4n << 100n },
    ])
  })

  run('gives earnings by pages, without one missing or coming twice', async () => {
    // three of them in one millisecond
    const blocks = [1, 2, 2, 2, 3, 4].map((time, n) => ({
      ...BLOCK,
      hash: `${n}a`.repeat(32),
      time: NOW + time,
    }))
    await store.apply(batch(0, 1, { blocks }))
    const all = await store.earnings({ account: '0014aa', limit: 10 })
    expect(all.map(({ hash }) => hash[0])).toEqual(['5', '4', '1', '2', '3', '0'])
    const paged = []
    for (let after: (typeof all)[number] | undefined; paged.length < 10; ) {
      const page = await store.earnings({ account: '0014aa', limit: 2, after })
      if (page.length === 0) break
      paged.push(...page)
      after = page.at(-1)
    }
    expect(paged).toEqual(all)
  })

  run('has a block anew when an account goes by another key', async () => {
    await store.apply(batch(0, 1, { blocks: [BLOCK] }))
    const parts = [{ ...BLOCK.parts[0]!, account: '0014bb' }, BLOCK.parts[1]!]
    await store.apply(batch(1, 2, { blocks: [{ ...BLOCK, finder: '0014bb', parts }] }))
    expect(await store.earnings({ account: '0014aa', limit: 10 })).toEqual([])
    expect(await store.earnings({ account: '0014bb', limit: 10 })).toMatchObject([{ earned: 300_000_000n }])
  })

  run('keeps blocks with what they paid, and what became of them', async () => {
    const accounts = [{ key: '0014aa', name: '<b>alice</b>' }]
    await store.apply(batch(0, 1, { accounts, blocks: [BLOCK] }))
    expect(await store.earnings({ account: '0014aa', limit: 10 })).toEqual([
      {
        hash: BLOCK.hash,
        height: 900_000,
        time: NOW,
        state: 'pending',
        earned: 300_000_000n,
        paid: 299_999_999n,
      },
    ])
    await store.apply(batch(1, 2, { accounts, blocks: [{ ...BLOCK, state: 'orphaned', confirmations: 3 }] }))
    expect(await store.earnings({ account: '0014aa', limit: 10 })).toMatchObject([{ state: 'orphaned' }])
    const later = { ...BLOCK, hash: 'bb'.repeat(32), time: NOW + 1 }
    await store.apply(batch(2, 3, { blocks: [later] }))
    expect((await store.earnings({ account: 'pool', limit: 1 })).map(({ hash }) => hash)).toEqual([
      later.hash,
    ])
  })

  run('has the balances of the last batch that brought some', async () => {
    await store.apply(
      batch(0, 1, {
        balances: [
          ['0014aa', -5n],
          ['pool', 5n],
        ],
      }),
    )
    await store.apply(batch(1, 2))
    expect(await store.balances()).toEqual([
      ['0014aa', -5n],
      ['pool', 5n],
    ])
    await store.apply(batch(2, 3, { balances: [['pool', 2n ** 62n]] }))
    expect(await store.balances()).toEqual([['pool', 2n ** 62n]])
  })

  run.each([
    'a\u0000b\u0007\n\u001b[31m',
    '<img src=x onerror=alert(1)>',
    "'); drop table work; --",
    '\u{10ffff}\u{10ffff}0',
    'é'.repeat(127),
    '%_\\',
    '__proto__',
  ])('keeps work of a worker and an account named %j apart from others', async (name) => {
    const others = [name.replaceAll('\u0000', '\ufffd'), name.replaceAll('\u0000', '\u{10ffff}0'), `${name} `]
    const names = [...new Set([name, ...others])]
    const work = names.map((worker, n) => ({ ...worked(0, n + 1, worker), account: `name:${name}` }))
    const accounts = names.map((one) => ({ key: `name:${one}`, name: one }))
    await store.apply(batch(0, 1, { work, accounts, balances: [[`name:${name}`, 5n]] }))
    await store.apply(batch(1, 2, { work, accounts }))
    for (const [n, worker] of names.entries())
      expect(await store.work({ account: `name:${name}`, worker, from: 0, to: 1 })).toMatchObject([
        { shares: 2 * (n + 1) },
      ])
    expect(await store.work({ account: `name:${name}`, from: 0, to: 1 })).toHaveLength(1)
    expect(await store.balances()).toEqual([[`name:${name}`, 5n]])
  })

  run('takes ten thousand workers in one batch', async () => {
    const work = Array.from({ length: 10_000 }, (_, n) => worked(0, 1, `rig ${n}`))
    await store.apply(batch(0, 1, { work }))
    expect(await store.work({ account: '0014aa', from: 0, to: 1 })).toMatchObject([{ shares: 10_000 }])
  })

  run('what is old is rolled up, or forgotten', async () => {
    const old = NOW - KEPT.tenMinutes - SPANS.day
    const hour = old - (old % SPANS.hour)
    const work = [worked(hour, 1), worked(hour + SPANS.tenMinutes, 2), worked(NOW, 4)]
    await store.apply(batch(0, 1, { work }))
    await store.rollUp(NOW)
    await store.rollUp(NOW)
    const points = await store.work({ account: '0014aa', from: 0, to: NOW + 1 })
    const recent = { start: NOW, span: SPANS.tenMinutes, shares: 4, work: 4n << 100n }
    const rolled = { start: hour, span: SPANS.hour, shares: 3, work: 3n << 100n }
    expect(points).toEqual(kind === 'memory' ? [recent] : [rolled, recent])
    expect(await store.work({ account: '0014aa', worker: 'rig', from: 0, to: NOW + 1 })).toEqual(points)
    expect(await store.work({ from: 0, to: NOW + 1 })).toEqual(points)
  })

  run(
    'is there again when it is opened anew, but in memory',
    async () => {
      await store.apply(batch(0, 9, { blocks: [BLOCK] }))
      await store.close()
      store = await open()
      expect(await store.cursor(1)).toBe(kind === 'memory' ? 0 : 9)
      expect((await store.earnings({ account: '0014aa', limit: 1 })).length).toBe(kind === 'memory' ? 0 : 1)
    },
    60_000,
  )
})

test.each([
  ['memory', undefined],
  ['pglite:./data', undefined],
  ['postgres://sv2@db.example/pool', undefined],
  ['pglite:', /must be memory/],
  ['mysql://x', /must be memory/],
  ['postgres://', /must be memory/],
  ['postgres://sv2:secret@db.example/pool', /store_password_file/],
])('the place %s of a store', (url, problem) => {
  const told = storeProblem(url)
  if (problem === undefined) expect(told).toBeUndefined()
  else expect(told).toMatch(problem)
})
