import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressToScript, encodeHeader } from '@sv2/bitcoin'
import type { JournalRecord } from '@sv2/journal'
import type { Distribution } from '@sv2/roles/payouts'
import { type JournalPosition, JournalWriter, openJournalFolder } from '@sv2/runtime/journal'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Logger } from '../logger.ts'
import { LedgerClient } from './ledger-client.ts'

const ALICE = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const SCRIPT = addressToScript(ALICE, 'regtest')
const WORK = 1n << 32n

let folder: string
const closing: (() => Promise<void>)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  rmSync(folder, { recursive: true, force: true })
})

/** A journal, and the ledger that reads it. */
function aLedger(change: { readonly keepMs?: number } = {}) {
  const given: { distribution: Distribution; voids: boolean }[] = []
  const lines: string[] = []
  const told: Record<string, unknown>[] = []
  let wake = (): void => {}
  let position: JournalPosition | undefined
  const writer = new JournalWriter(
    { folder, node: 3, flushMs: 1, maxBytes: 100_000, segmentBytes: 2_000, segmentMs: 60_000, retryMs: 1 },
    openJournalFolder(folder, 3, () => new Uint8Array(16)),
    {
      flushed: (to) => {
        position = to
        client.grown(to)
        wake()
      },
      failed: (error) => {
        throw error
      },
      recovered() {},
    },
  )
  const log = {
    info: (fields: object, text: string) => lines.push(text) && told.push({ ...fields, text }),
    warn: (fields: object, text: string) => lines.push(text) && told.push({ ...fields, text }),
    error: (fields: object, text: string) => lines.push(text) && told.push({ ...fields, text }),
  } as unknown as Logger
  const client = new LedgerClient(
    {
      folder,
      node: 3,
      settings: {
        network: 'regtest',
        scheme: { scheme: 'pplns', window: 8n << 40n },
        feePpm: 10_000n,
        poolScript: Uint8Array.of(0x51),
        dustLimit: 546,
        maxPayouts: 10,
        refreshMs: 1000,
        confirmations: 6,
      },
      keepMs: change.keepMs,
      nodes: [],
      store: undefined,
      tag: '/t/',
    },
    {
      log,
      registry: new Registry(),
      onDistribution: (distribution, voids) => {
        given.push({ distribution, voids })
        wake()
      },
      append: (record) => writer.append(record),
    },
  )
  closing.push(
    () => client.close(),
    () => writer.close(),
  )
  const until = async (is: () => boolean): Promise<void> => {
    while (!is())
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  let time = 1_800_000_000_000
  const next = (): number => {
    time += 2000
    return time
  }
  const share = (miner = 1): JournalRecord => ({
    kind: 'share',
    time: next(),
    job: 1,
    account: miner,
    worker: 0,
    work: WORK / 100n,
    networkWork: WORK,
    rewardToPool: 0n,
    rewardTotal: 0n,
    distributionId: 0n,
    header: new Uint8Array(80),
    extranonce: new Uint8Array(4),
  })
  const begin = (): void => {
    writer.append({ kind: 'account', account: 1, name: ALICE, script: SCRIPT })
    writer.append({ kind: 'tip', time, height: 101, prevHash: new Uint8Array(32), nbits: 0x1d00ffff })
    writer.append({
      kind: 'job',
      job: 1,
      time,
      distributionId: 0n,
      isOwn: true,
      value: 5_000_000_000n,
      coinbasePrefix: Uint8Array.of(1),
      coinbaseSuffix: Uint8Array.of(2),
      merklePath: [],
    })
  }
  return { client, writer, given, lines, told, until, share, begin, position: () => position }
}

test('distributions come out of the thread as the journal grows, and questions are answered', async () => {
  const { client, writer, given, until, share, begin } = aLedger()
  begin()
  await until(() => given.length > 0)
  expect(given[0]?.distribution.payouts).toEqual([])
  writer.append(share())
  await until(() => given.length > 1)
  const { distribution, voids } = given[1]!
  expect(voids).toBe(false)
  expect(distribution).toEqual({
    id: 2n,
    pool: { script: Uint8Array.of(0x51), weight: 50_000_000n },
    payouts: [{ script: SCRIPT, weight: 4_950_000_000n, dustLimit: 546 }],
    additionalOutputs: [],
  })
  expect(await client.ask({ kind: 'account', name: ALICE })).toEqual({
    name: ALICE,
    expected: '4950000000',
    balance: '0',
    earned: '0',
    paid: '0',
    earnings: [],
  })
  expect(await client.ask({ kind: 'account', name: 'nobody' })).toBeUndefined()
  expect(await client.ask({ kind: 'distribution' })).toMatchObject({
    id: '2',
    payouts: [{ account: ALICE, weight: '4950000000' }],
  })
  expect(await client.ask({ kind: 'blocks', before: undefined, limit: 10 })).toEqual([])
})

test('a ledger that is started anew reads the journal, and gives out the distribution that holds', async () => {
  const first = aLedger()
  first.begin()
  first.writer.append(first.share())
  await first.until(() => first.given.length > 0)
  first.writer.append(first.share())
  await first.until(() => (first.position()?.sequence ?? 0) === 5)
  for (const close of closing.splice(0)) await close()
  const second = aLedger()
  await second.until(() => second.given.length > 0)
  expect(second.given.map(({ distribution }) => distribution.id)).toEqual([3n])
  expect(second.lines).toContain('ledger ready')
})

/** Journals of several segments: a snapshot stands in front of each that was begun. */
async function worked(change: { readonly keepMs?: number } = {}) {
  const first = aLedger(change)
  first.begin()
  await first.until(() => first.given.length > 0)
  for (let n = 0; n < 40; n++) {
    const { length } = first.given
    first.writer.append(first.share())
    await first.until(() => first.given.length > length)
  }
  const account = await first.client.ask({ kind: 'account', name: ALICE })
  const distribution = await first.client.ask({ kind: 'distribution' })
  for (const close of closing.splice(0)) await close()
  return { ...first, account, distribution }
}

const readyOf = (told: readonly Record<string, unknown>[]) => told.find(({ text }) => text === 'ledger ready')

test('a start goes on from the newest snapshot, with the same books', async () => {
  const before = await worked()
  expect(readdirSync(folder).filter((name) => name.endsWith('.snapshot'))).toHaveLength(2)
  const second = aLedger()
  await second.until(() => second.given.length > 0)
  const { records, fromSnapshot } = readyOf(second.told)!
  expect(records).toBe(43)
  expect(fromSnapshot).toBeGreaterThan(30)
  expect(second.given.map(({ distribution }) => String(distribution.id))).toEqual([before.distribution?.id])
  expect(await second.client.ask({ kind: 'account', name: ALICE })).toEqual(before.account)
  expect(await second.client.ask({ kind: 'distribution' })).toEqual(before.distribution)
})

test('a snapshot that is broken, or of another version, is ignored and told of, and the one before is used', async () => {
  const before = await worked()
  const [older, newest] = readdirSync(folder)
    .filter((name) => name.endsWith('.snapshot'))
    .sort()
  const path = join(folder, newest!)
  const bytes = readFileSync(path)
  bytes[60]! ^= 1
  writeFileSync(path, bytes)
  const second = aLedger()
  await second.until(() => second.given.length > 0)
  expect(second.told).toContainEqual(
    expect.objectContaining({
      file: path,
      reason: 'its checksum is wrong',
      text: 'a snapshot of the ledger is ignored',
    }),
  )
  expect(readyOf(second.told)).toMatchObject({ records: 43, fromSnapshot: expect.any(Number) })
  expect(await second.client.ask({ kind: 'account', name: ALICE })).toEqual(before.account)
  for (const close of closing.splice(0)) await close()
  for (const name of [older!, newest!]) writeFileSync(join(folder, name), 'SV2SNAPS, or what is left of one')
  const third = aLedger()
  await third.until(() => third.given.length > 0)
  expect(readyOf(third.told)).toMatchObject({ records: 43, fromSnapshot: 0 })
  expect(await third.client.ask({ kind: 'account', name: ALICE })).toEqual(before.account)
})

test('a block is booked by what its coinbase paid, and settles its distribution', async () => {
  const { client, writer, given, until, share, begin, lines } = aLedger()
  begin()
  writer.append(share())
  await until(() => given.some(({ distribution }) => distribution.payouts.length === 1))
  const { id } = given.at(-1)!.distribution
  const header = encodeHeader({
    version: 4,
    prevHash: new Uint8Array(32),
    merkleRoot: new Uint8Array(32),
    ntime: 1,
    nbits: 0x1d00ffff,
    nonce: 0,
  })
  // version, one input without anything, two outputs of 49.5 and 0.5 coins
  const coinbase = Buffer.from(
    `02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff00ffffffff02${'80f0fa0200000000'}0151${'80010b2701000000'}16${Buffer.from(SCRIPT).toString('hex')}00000000`,
    'hex',
  )
  writer.append({
    kind: 'block',
    time: 1_800_000_100_000,
    height: 101,
    hash: new Uint8Array(32).fill(9),
    account: 1,
    worker: 0,
    distributionId: id,
    coinbase: new Uint8Array(coinbase),
    header,
    source: 'share',
  })
  await until(() => given.some(({ voids }) => voids))
  expect(lines).toContain('block booked')
  const [block] = await client.ask({ kind: 'blocks', before: undefined, limit: 10 })
  expect(block).toMatchObject({
    index: 0,
    state: 'pending',
    total: '5000000000',
    fee: '50000000',
    finder: ALICE,
    payouts: 1,
  })
  expect(await client.ask({ kind: 'account', name: ALICE })).toMatchObject({
    earned: '4950000000',
    paid: '4950000000',
    earnings: [{ height: 101, state: 'pending', earned: '4950000000', paid: '4950000000' }],
  })
})
