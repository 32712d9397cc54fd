import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { restoreLedger, saveLedger } from '@sv2/app-kit'
import { unhex } from '@sv2/bitcoin'
import { encodeFrame, encodeSegmentHeader, type JournalRecord } from '@sv2/journal'
import { Ledger, type LedgerSettings, networkWorkOf } from '@sv2/roles/ledger'
import { JournalTail, segmentPath } from '@sv2/runtime/journal'
import type { Measurement } from './report.ts'
import { round } from './share.ts'

/** What is replayed; the figure for ten times as much is ten times that of these. */
const SHARES = 1_000_000
const ACCOUNTS = 1_000
/** Time between two shares, ms: all of them are two hours and three quarters. */
const EVERY_MS = 10
const TIP_EVERY = 60_000
/** Accounts of which each has work in every minute that the window still tells apart. */
const BUSY_ACCOUNTS = 2_000
const BUSY_MINUTES = 180
const BEGIN = 1_800_000_000_000
const NBITS = 0x1702905c

const SETTINGS: LedgerSettings = {
  network: 'mainnet',
  scheme: { scheme: 'pplns', window: 8n << 40n },
  feePpm: 10_000n,
  poolScript: unhex(`0014${'11'.repeat(20)}`),
  dustLimit: 546,
  maxPayouts: 500,
  refreshMs: 30_000,
  confirmations: 6,
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What it takes to read a journal, and to book what stands in it. */
export function measureBooking(folder: string): Measurement[] {
  writeJournal(folder)
  // compiled code belongs to no measurement
  replay(folder, newLedger())
  const read = timed(() => replay(folder, undefined))
  const booked = timed(() => replay(folder, newLedger()))
  const { ledger, heap } = busyLedger()
  return [
    row('replay of 10^6 shares, records alone (baseline)', read, read),
    row('replay of 10^6 shares, booked by pplns', booked, read),
    {
      part: 'journal',
      name: 'ledger, an account with work in every minute',
      values: { 'heap, bytes': Math.round(heap / BUSY_ACCOUNTS) },
    },
    snapshotRow(folder, ledger),
  ]
}

function row(name: string, seconds: number, baseline: number): Measurement {
  return {
    part: 'journal',
    name,
    values: {
      'shares/s and core': Math.round(SHARES / seconds),
      'CPU µs/share': round((seconds * 1e6) / SHARES),
      'against the baseline': `${round(baseline / seconds)} ×`,
      '10^7 shares, s (ten times 10^6)': round(10 * seconds),
    },
  }
}

/** Processor time, seconds. */
function timed(work: () => void): number {
  collectGarbage()
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function replay(folder: string, ledger: Ledger | undefined): void {
  const tail = new JournalTail(folder)
  let shares = 0
  for (const entry of tail.read()) {
    if (entry.record.kind === 'share') shares++
    ledger?.handle({ node: 0, entry })
  }
  tail.close()
  if (shares !== SHARES) throw new Error(`${shares} shares of ${SHARES}`)
}

/** What it takes to write down all that a ledger knows, and to begin with that. */
function snapshotRow(folder: string, ledger: Ledger): Measurement {
  const node = 0
  writeFileSync(segmentPath(folder, 1), segmentHeader(1, ledger.cursor(node)))
  const written = timed(() => saveLedger(folder, 1, ledger.snapshot))
  const restored = timed(() => restoreLedger({ folder, node, settings: SETTINGS }))
  return {
    part: 'journal',
    name: `snapshot of ${BUSY_ACCOUNTS} such accounts`,
    values: { 'written, ms': Math.round(written * 1000), 'restored, ms': Math.round(restored * 1000) },
  }
}

function busyLedger(): { readonly ledger: Ledger; readonly heap: number } {
  const ledger = newLedger()
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  let sequence = 0
  const give = (record: JournalRecord) => ledger.handle({ node: 0, entry: { sequence: sequence++, record } })
  for (let account = 1; account <= BUSY_ACCOUNTS; account++) give(accountRecord(account))
  for (let minute = 0; minute < BUSY_MINUTES; minute++)
    for (let account = 1; account <= BUSY_ACCOUNTS; account++)
      give(shareRecord(account, BEGIN + minute * 60_000))
  collectGarbage()
  const grown = process.memoryUsage().heapUsed - before
  if (ledger.cursor(0) !== sequence) throw new Error('the ledger did not take all')
  return { ledger, heap: grown }
}

function newLedger(): Ledger {
  return new Ledger(SETTINGS)
}

function segmentHeader(number: number, firstSequence: number): Uint8Array {
  return encodeSegmentHeader({ poolId: new Uint8Array(16), node: 0, number, firstSequence })
}

/** One segment, written without a wait for the disk: reading is what is measured. */
function writeJournal(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const path = segmentPath(folder, 0)
  writeFileSync(path, segmentHeader(0, 0))
  let sequence = 0
  let group: Uint8Array[] = []
  const give = (record: JournalRecord) => {
    group.push(encodeFrame({ sequence: sequence++, record }))
    if (group.length < 10_000) return
    appendFileSync(path, Buffer.concat(group))
    group = []
  }
  for (let account = 1; account <= ACCOUNTS; account++) give(accountRecord(account))
  for (let share = 0; share < SHARES; share++) {
    const time = BEGIN + share * EVERY_MS
    if (share % TIP_EVERY === 0) for (const record of newTip(time, share / TIP_EVERY)) give(record)
    give(shareRecord(1 + (share % ACCOUNTS), time))
  }
  appendFileSync(path, Buffer.concat(group))
}

function newTip(time: number, number: number): JournalRecord[] {
  return [
    { kind: 'tip', time, height: 900_000 + number, prevHash: new Uint8Array(32).fill(number), nbits: NBITS },
    {
      kind: 'job',
      job: number + 1,
      time,
      distributionId: 0n,
      isOwn: true,
      value: 315_000_000n,
      coinbasePrefix: new Uint8Array(60),
      coinbaseSuffix: new Uint8Array(120),
      merklePath: [],
    },
  ]
}

function accountRecord(account: number): JournalRecord {
  const script = unhex(`0014${account.toString(16).padStart(40, '0')}`)
  return { kind: 'account', account, name: `miner ${account}`, script }
}

function shareRecord(account: number, time: number): JournalRecord {
  return {
    kind: 'share',
    time,
    job: 1,
    account,
    worker: 0,
    work: 1n << 44n,
    networkWork: networkWorkOf(NBITS),
    rewardToPool: 0n,
    rewardTotal: 0n,
    distributionId: 0n,
    header: new Uint8Array(80),
    extranonce: new Uint8Array(16),
  }
}
