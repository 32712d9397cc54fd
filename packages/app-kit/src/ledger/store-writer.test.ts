import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JournalRecord } from '@sv2/journal'
import { Ledger } from '@sv2/roles/ledger'
import { JournalTail, segmentPath } from '@sv2/runtime/journal'
import { aShare, writeSegments } from '@sv2/runtime/testing/written-journal'
import { type LedgerStore, openStore, Projection, wholeBatch } from '@sv2/store'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SETTINGS } from './_ledger-settings.ts'
import { restoreLedger, saveLedger } from './ledger-snapshots.ts'
import { project, type StoreModule, StoreWriter } from './store-writer.ts'

const ALICE = '0014'.padEnd(44, 'a')
const NOW = 1_800_000_000_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-writer-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const RECORDS: JournalRecord[] = [
  { kind: 'account', account: 1, name: 'alice', script: new Uint8Array(Buffer.from(ALICE, 'hex')) },
  { kind: 'worker', worker: 1, name: 'rig' },
  ...Array.from({ length: 20 }, (_, n) => aShare({ time: NOW + n, worker: 1 })),
]

/** A journal on disk, a ledger that reads it, and the writer of a store that may be away. */
async function aWriter() {
  await writeSegments(folder, RECORDS, 6)
  const memory = await openStore({ url: 'memory' })
  const state = { isAway: false }
  const guarded = new Proxy(memory, {
    get(target, name: keyof LedgerStore) {
      const method = target[name] as ((...parameters: unknown[]) => Promise<unknown>) | undefined
      // a promise is told from it by `then`
      if (method === undefined) return undefined
      return async (...parameters: unknown[]) => {
        if (state.isAway) throw new Error('connection refused')
        return method.apply(target, parameters)
      }
    },
  })
  const module: StoreModule = {
    Projection,
    wholeBatch,
    openStore: async () => {
      if (state.isAway) throw new Error('connection refused')
      return guarded
    },
  }
  const ledger = new Ledger(SETTINGS)
  const settings = { store: { url: 'postgres://db/pool' }, folder, node: 0, ledger: SETTINGS }
  const writer = new StoreWriter(settings, module, ledger)
  const read = (from: number, to: number): void => {
    for (const [sequence, record] of RECORDS.entries()) {
      if (sequence < from || sequence >= to) continue
      writer.take({ sequence, record }, ledger.handle({ node: 0, entry: { sequence, record } }))
    }
  }
  const shares = async () =>
    (await memory.work({ account: ALICE, from: 0, to: NOW * 2 })).reduce(
      (sum, point) => sum + point.shares,
      0,
    )
  return { writer, memory, state, read, shares, settings, module }
}

test('the store has what the ledger has read, once', async () => {
  const { writer, read, shares, memory } = await aWriter()
  await writer.open()
  read(0, 12)
  expect(await writer.write(NOW)).toBe('written')
  read(12, 22)
  await writer.write(NOW)
  await writer.write(NOW)
  expect(await shares()).toBe(20)
  expect(await memory.cursor(0)).toBe(22)
})

test('what a store misses while it is away, it gets when it is back', async () => {
  const { writer, read, shares, state } = await aWriter()
  await writer.open()
  read(0, 7)
  state.isAway = true
  await expect(writer.write(NOW)).rejects.toThrow('connection refused')
  read(7, 15)
  await expect(writer.write(NOW)).rejects.toThrow('connection refused')
  state.isAway = false
  await writer.write(NOW)
  read(15, 22)
  await writer.write(NOW)
  expect(await shares()).toBe(20)
})

test('a store that was away from the start is filled from the journal', async () => {
  const { writer, read, shares, state, memory } = await aWriter()
  state.isAway = true
  await expect(writer.open()).rejects.toThrow('connection refused')
  read(0, 10)
  await expect(writer.write(NOW)).rejects.toThrow('connection refused')
  state.isAway = false
  expect(await writer.write(NOW)).toBe('written')
  expect(await memory.cursor(0)).toBe(10)
  read(10, 22)
  await writer.write(NOW)
  expect(await shares()).toBe(20)
})

test('a store that is ahead of the journal is told of, and not written to', async () => {
  const { writer, read, memory } = await aWriter()
  await memory.apply({
    node: 0,
    from: 0,
    next: 1000,
    accounts: [],
    blocks: [],
    balances: undefined,
    work: [],
  })
  await writer.open()
  read(0, 22)
  expect(await writer.write(NOW)).toBe('ahead')
  expect(await memory.cursor(0)).toBe(1000)
})

test('tables that are made anew from the journal are the same', async () => {
  const { writer, read, memory, settings, module } = await aWriter()
  await writer.open()
  read(0, 22)
  await writer.write(NOW)
  const query = { account: ALICE, from: 0, to: NOW * 2 }
  const before = await memory.work(query)
  await memory.clear()
  await memory.apply(project(settings, module, { from: 0, until: 22 })!)
  expect(await memory.work(query)).toEqual(before)
})

describe('a ledger that goes on from a snapshot', () => {
  /** The snapshot in front of the second segment, and a store that lacks what is in front of it. */
  async function aRestored(url: string) {
    const made = await aWriter()
    const first = new JournalTail(folder, { segmentEnded: (number) => number === 1 && save() })
    const ledger = new Ledger(SETTINGS)
    const save = () => saveLedger(folder, 2, ledger.snapshot)
    for (const { sequence, record } of first.read()) ledger.handle({ node: 0, entry: { sequence, record } })
    first.close()
    const { settings, module } = made
    const restored = restoreLedger({ ...settings, settings: SETTINGS })
    const writer = new StoreWriter({ ...settings, store: { url } }, module, restored.ledger)
    const start = restored.ledger.cursor(0)
    await writer.open()
    for (const { sequence, record } of restored.tail.read())
      writer.take({ sequence, record }, restored.ledger.handle({ node: 0, entry: { sequence, record } }))
    restored.tail.close()
    await writer.write(NOW)
    return { ...made, start, ledger, restored: restored.ledger }
  }

  test('fills a new database from the journal', async () => {
    const { start, ledger, restored, shares, memory } = await aRestored('postgres://db/pool')
    expect(start).toBeGreaterThan(5)
    expect(restored.snapshot).toEqual(ledger.snapshot)
    expect(await memory.cursor(0)).toBe(22)
    expect(await shares()).toBe(20)
  })

  test('gives a store in memory what it knows itself, and does not read the journal again', async () => {
    const { start, shares, memory } = await aRestored('memory')
    expect(await memory.cursor(0)).toBe(22)
    expect(await shares()).toBe(22 - start)
  })

  test('gives a new database what it knows itself where old segments are not kept', async () => {
    const { settings, module } = await aWriter()
    const ledger = new Ledger(SETTINGS)
    const tail = new JournalTail(folder, {
      segmentEnded: (number) => saveLedger(folder, number + 1, ledger.snapshot),
    })
    for (const { sequence, record } of tail.read()) ledger.handle({ node: 0, entry: { sequence, record } })
    tail.close()
    rmSync(segmentPath(folder, 0))
    expect(() => project(settings, module, { from: 0, until: 22 })).toThrow(/begins with segment 1/)
    const restored = restoreLedger({ ...settings, settings: SETTINGS })
    const writer = new StoreWriter(settings, module, restored.ledger)
    await writer.open()
    expect(await writer.store?.cursor(0)).toBe(restored.ledger.cursor(0))
  })
})
