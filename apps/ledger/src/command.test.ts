import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentPrefix, loadConfig, restoreLedger, saveLedger } from '@sv2/app-kit'
import type { JournalRecord } from '@sv2/journal'
import { booksSettings, pool } from '@sv2/pool'
import { segmentPath } from '@sv2/runtime/journal'
import { aShare, writeJournal, writeSegments } from '@sv2/runtime/testing/written-journal'
import { openStore } from '@sv2/store'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ledgerCommand } from './command.ts'

const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const NOW = 1_800_000_000_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-ledger-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const RECORDS: readonly JournalRecord[] = [
  { kind: 'account', account: 1, name: 'alice', script: Uint8Array.of(0x51, 0x51) },
  {
    kind: 'job',
    job: 1,
    time: NOW,
    distributionId: 0n,
    isOwn: true,
    value: 1_000_000n,
    coinbasePrefix: Uint8Array.of(1),
    coinbaseSuffix: Uint8Array.of(1),
    merklePath: [],
  },
  ...Array.from({ length: 10 }, (_, n) => aShare({ time: NOW + n, work: 1n << 31n, networkWork: 1n << 32n })),
]
const write = (): Promise<void> => writeJournal(join(folder, 'journal'), RECORDS, 4096)

const BASE = (): Record<string, string> => ({
  POOL__PAYOUT__ADDRESS: POOL,
  POOL__PAYOUT__MODE: 'fpps',
  POOL__DATA_DIR: folder,
  POOL__TEMPLATE_PROVIDER__HOST: '127.0.0.1',
  POOL__TEMPLATE_PROVIDER__NOISE: 'false',
})

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const lines: string[] = []
  await ledgerCommand((text) => lines.push(text), { ...BASE(), ...env }).parseAsync([
    'node',
    'sv2-ledger',
    ...args,
  ])
  return lines
}

test('balances are what the journal makes them', async () => {
  await write()
  expect(await run(['balances'])).toEqual([
    '12 records, 0 blocks, 1 accounts',
    '         5000000 sat  alice',
    '        -5000000 sat  pool',
  ])
  expect(JSON.parse((await run(['balances', '--json'])).join(''))).toEqual([
    { account: 'alice', balance_sat: '5000000' },
    { account: 'pool', balance_sat: '-5000000' },
  ])
})

test('tables are made anew', async () => {
  await write()
  const url = `pglite:${join(folder, 'db')}`
  const env = { POOL__LEDGER__STORE: url }
  expect(await run(['rebuild'], env)).toEqual([`12 records read, 0 blocks written to ${url}`])
  await run(['rebuild'], env)
  const store = await openStore({ url })
  expect(await store.cursor(0)).toBe(12)
  const work = await store.work({ account: '5151', from: 0, to: 2 * NOW })
  await store.close()
  expect(work).toMatchObject([{ shares: 10, work: 10n << 31n }])
}, 60_000)

test('a journal whose first segments are not kept is read from a snapshot', async () => {
  await writeSegments(join(folder, 'journal'), RECORDS, 4)
  const env = { POOL__LEDGER__STORE: `pglite:${join(folder, 'db')}` }
  const whole = await run(['balances'])
  const settings = booksSettings(
    loadConfig(pool.schema, {
      file: undefined,
      env: { ...BASE(), ...env },
      prefix: environmentPrefix(pool.name),
    }),
  )
  const { ledger, tail } = restoreLedger(
    { ...settings, settings: settings.ledger },
    { segmentEnded: (number) => saveLedger(settings.folder, number + 1, ledger.snapshot) },
  )
  for (const { sequence, record } of tail.read()) ledger.handle({ node: 0, entry: { sequence, record } })
  tail.close()
  rmSync(segmentPath(settings.folder, 0))
  expect(await run(['balances'])).toEqual(whole)
  await expect(run(['rebuild'], env)).rejects.toThrow(/use --from-snapshot/)
  expect(await run(['rebuild', '--from-snapshot'], env)).toEqual([
    `12 records read, 0 blocks written to ${env.POOL__LEDGER__STORE}`,
  ])
  const store = await openStore({ url: env.POOL__LEDGER__STORE })
  const owed = await store.balances()
  await store.close()
  expect(owed).toEqual([
    ['5151', 5_000_000n],
    ['pool', -5_000_000n],
  ])
}, 60_000)

test('a pool without books, or without tables, is told so', async () => {
  await expect(run(['balances'], { POOL__PAYOUT__MODE: 'pool' })).rejects.toThrow(/keeps no books/)
  await expect(run(['rebuild'])).rejects.toThrow(/memory/)
})
