import {
  appendWrittenShare,
  ByteWriter,
  encodeFrame,
  type JournalRecord,
  readFrame,
  SHARE_SIZE,
} from '@sv2/journal'
import type { ProvenShare, RecordEvent } from '@sv2/roles/pool'
import { expect, test, vi } from 'vitest'
import { RecordSender, type SentRecords } from './record-sender.ts'
import { SharedJournal } from './shared-journal.ts'

const shareOf = (user: string, nonce = 0): ProvenShare => ({
  user,
  worker: 'rig',
  job: {
    coinbaseTxPrefix: new Uint8Array(60),
    coinbaseTxSuffix: new Uint8Array(60),
    merklePath: [],
  } as unknown as ProvenShare['job'],
  tip: { prevHash: new Uint8Array(32), nbits: 0x1d00ffff } as ProvenShare['tip'],
  level: { difficulty: 1, target: new Uint8Array(32).fill(1) },
  extranonce: Uint8Array.of(1, 2, 3),
  version: 0,
  merkleRoot: new Uint8Array(32),
  ntime: 0,
  nonce,
})

/** A shared journal whose disk the test plays, and senders that have joined it. */
function aJournal(processes: number) {
  const records: JournalRecord[] = []
  const told: [number, RecordEvent][] = []
  const journal = new SharedJournal({
    append: (record) => records.push(readFrame(encodeFrame({ sequence: 0, record }), 0).record),
    appendWrittenShares(fields) {
      for (let at = 0; at < fields.length; at += SHARE_SIZE) {
        const out = new ByteWriter()
        appendWrittenShare(out, records.length, fields.subarray(at, at + SHARE_SIZE))
        records.push(readFrame(out.written, 0).record)
      }
    },
    tell: (process, event) => told.push([process, event]),
  })
  const senders = Array.from({ length: processes }, (_, at) => {
    const sent: SentRecords[] = []
    const numbers = { first: at + 1, step: processes + 1 }
    const sender = new RecordSender(
      { network: 'regtest', numbers, waitMs: 5 },
      { send: (batch) => sent.push(structuredClone(batch)), now: () => 1 },
    )
    expect(journal.join(at)).toBe(true)
    return {
      sender,
      share: (user: string, nonce?: number) =>
        sender.perform({ kind: 'recordShare', share: shareOf(user, nonce) }),
      /** What was sent arrives. */
      arrive() {
        for (const batch of sent.splice(0)) journal.take(at, batch)
      },
    }
  })
  const shares = () => records.filter((record) => record.kind === 'share')
  return { journal, senders, records, told, shares }
}

test('each process is told how many of its own shares are on disk, in the order of the journal', () => {
  const { journal, senders, told } = aJournal(2)
  const [one, two] = senders
  for (const [at, who] of [one!, two!, one!].entries()) {
    for (let n = 0; n <= at; n++) who.share('alice')
    who.sender.flush()
    who.arrive()
  }
  // one of the first, two of the second, three of the first
  journal.heard({ kind: 'recorded', shares: 2 })
  expect(told.splice(0)).toEqual([
    [0, { kind: 'recorded', shares: 1 }],
    [1, { kind: 'recorded', shares: 1 }],
  ])
  journal.heard({ kind: 'recorded', shares: 4 })
  expect(told.splice(0)).toEqual([
    [1, { kind: 'recorded', shares: 1 }],
    [0, { kind: 'recorded', shares: 3 }],
  ])
})

test('nobody is told of the shares of a process that is gone, and they are written', () => {
  const { journal, senders, told, shares } = aJournal(2)
  for (const { share, sender, arrive } of senders) {
    share('alice')
    sender.flush()
    arrive()
  }
  journal.leave(0)
  journal.heard({ kind: 'recorded', shares: 2 })
  expect(told).toEqual([[1, { kind: 'recorded', shares: 1 }]])
  expect(shares()).toHaveLength(2)
})

test('a share is written as the process that has the journal would write it', () => {
  const { senders, records, shares } = aJournal(1)
  const [{ share, sender, arrive }] = senders as [(typeof senders)[0]]
  share('alice', 7)
  sender.flush()
  arrive()
  const [written] = shares()
  const job = records.find((record) => record.kind === 'job')
  const account = records.find((record) => record.kind === 'account')
  expect(account).toMatchObject({ name: 'alice' })
  expect(written).toMatchObject({ job: job?.job, account: account?.account, time: 1 })
  expect(written?.extranonce).toEqual(Uint8Array.of(1, 2, 3))
  expect(new DataView(written!.header.buffer, written!.header.byteOffset).getUint32(76, true)).toBe(7)
})

test('what the processes number, they number differently', () => {
  const { senders, records } = aJournal(3)
  for (const { share, sender, arrive } of senders) {
    for (let n = 0; n < 50; n++) share(`account ${n}`)
    sender.flush()
    arrive()
  }
  for (const kind of ['account', 'job'] as const) {
    const numbers = records.flatMap((record) => (record.kind === kind ? [(record as never)[kind]] : []))
    expect(numbers).toHaveLength(150)
    expect(new Set(numbers).size).toBe(150)
  }
  const workers = records.flatMap((record) => (record.kind === 'worker' ? [record.worker] : []))
  expect(new Set(workers).size).toBe(3)
})

test('shares that a process sent before it heard of a failure are not written: it has refused them', () => {
  const { journal, senders, told, shares, records } = aJournal(2)
  const [one, two] = senders as [(typeof senders)[0], (typeof senders)[0]]
  one.share('alice')
  one.sender.flush()
  journal.heard({ kind: 'recordingFailed' })
  expect(told.splice(0)).toEqual([
    [0, { kind: 'recordingFailed' }],
    [1, { kind: 'recordingFailed' }],
  ])
  expect(journal.join(2)).toBe(false)
  // gathered, and not sent when it hears of the failure
  one.share('bob')
  one.sender.failed()
  one.arrive()
  expect(shares()).toEqual([])
  // whom they are of is known to the sender as written
  expect(records.filter((record) => record.kind === 'account')).toHaveLength(2)
  two.sender.failed()
  journal.heard({ kind: 'recordingResumed' })
  one.share('bob')
  one.sender.flush()
  one.arrive()
  expect(shares()).toHaveLength(1)
  told.splice(0)
  journal.heard({ kind: 'recorded', shares: 1 })
  expect(told).toEqual([[0, { kind: 'recorded', shares: 1 }]])
})

test('a tip that every process tells of is written once, also when one of them is late', () => {
  const { senders, records } = aJournal(2)
  const tell = (at: number, byte: number) => {
    const tip = { prevHash: new Uint8Array(32).fill(byte), nbits: 0x1d00ffff } as ProvenShare['tip']
    senders[at]!.sender.perform({ kind: 'recordTip', tip, height: byte })
    senders[at]!.sender.flush()
    senders[at]!.arrive()
  }
  for (const [at, byte] of [
    [0, 1],
    [0, 2],
    [1, 1],
    [1, 2],
    [1, 3],
    [0, 3],
  ] as const)
    tell(at, byte)
  expect(records.flatMap((record) => (record.kind === 'tip' ? [record.height] : []))).toEqual([1, 2, 3])
})

test('records are sent after a moment, many together', () => {
  vi.useFakeTimers()
  try {
    const sent: SentRecords[] = []
    const sender = new RecordSender(
      { network: 'regtest', numbers: { first: 1, step: 2 }, waitMs: 5 },
      { send: (batch) => sent.push(batch), now: () => 1 },
    )
    for (let n = 0; n < 10; n++) sender.perform({ kind: 'recordShare', share: shareOf('alice') })
    expect(sent).toEqual([])
    vi.advanceTimersByTime(5)
    expect(sent).toHaveLength(1)
    vi.advanceTimersByTime(60)
    expect(sent).toHaveLength(1)
  } finally {
    vi.useRealTimers()
  }
})
