import type { NewTemplate } from '@sv2/messages'
import { expect, test } from 'vitest'
import { filled } from '../mining/channel/_fixtures.ts'
import type { Tip } from '../mining/channel/job.ts'
import { type Distribution, PAYOUT_CLASSES } from '../payouts/index.ts'
import { JobShelves } from './job-shelf.ts'
import { PayoutClasses } from './payout-classes.ts'

const EXTRANONCE = 32
const TEMPLATE: NewTemplate = {
  type: 'NewTemplate',
  templateId: 1n,
  futureTemplate: true,
  version: 0x20000000,
  coinbaseTxVersion: 2,
  coinbasePrefix: Uint8Array.of(3, 1, 2, 3),
  coinbaseTxInputSequence: 0xffff_fffe,
  coinbaseTxValueRemaining: 312_500_000n,
  coinbaseTxOutputsCount: 0,
  coinbaseTxOutputs: new Uint8Array(0),
  coinbaseTxLocktime: 0,
  merklePath: [],
}
const TIP: Tip = { prevHash: filled(1), minNtime: 1, nbits: 0x207fffff, networkTarget: filled(0x7f) }
const DISTRIBUTION: Distribution = {
  id: 7n,
  pool: { script: filled(1, 22), weight: 1n },
  payouts: Array.from({ length: 500 }, (_, n) => ({
    script: filled(n & 0xff, 22),
    weight: 10n,
    dustLimit: 294,
  })),
  additionalOutputs: [],
}

function someShelves() {
  const room = { outputSize: 100_000, outputSigops: 1_000 }
  const classes = new PayoutClasses(
    { poolScript: filled(1, 22), classes: PAYOUT_CLASSES, extranonceSize: EXTRANONCE },
    () => room,
  )
  let last = 0
  const next = () => ++last
  const shelves = new JobShelves(
    {
      versionRollingAllowed: true,
      extranonceSize: EXTRANONCE,
      tag: new Uint8Array(0),
      payTo: undefined,
      classes,
      solo: undefined,
    },
    { nextJobId: next, nextOrder: next, coinbaseNumber: (id) => id, isFormer: () => false },
  )
  return { shelves, classes }
}

test('a job says what it pays, and by which distribution', () => {
  const { shelves, classes } = someShelves()
  const { book } = shelves.ofClass(classes, 2_250)
  const total = TEMPLATE.coinbaseTxValueRemaining
  expect(book.told(shelves.active(TEMPLATE, TIP)).reward).toEqual({
    toPool: total,
    total,
    distributionId: 0n,
  })
  classes.take(DISTRIBUTION, { voids: false })
  expect(book.told(shelves.active(TEMPLATE, TIP)).reward).toEqual({
    toPool: total,
    total,
    distributionId: 7n,
  })
})

test('however many channels are told a job, its coinbase is put together once for each class', () => {
  const { shelves, classes } = someShelves()
  classes.take(DISTRIBUTION, { voids: false })
  const books = [2_250, 16_000].map((bytes) => shelves.ofClass(classes, bytes).book)
  const job = shelves.future(TEMPLATE)
  const waiting = books.map((book) => book.told(job))
  expect(books.every((book, at) => book.told(job) === waiting[at])).toBe(true)
  // when its tip is there, the copy that waited for it is not used any more
  shelves.book.activate(job.jobId, TIP, 99)
  expect(books.map((book) => book.told(job).tip)).toEqual([TIP, TIP])
  expect(books.map((book) => book.live(job.jobId)?.activeSince)).toEqual([99, 99])
})

test('a class that no channel is on any more is not in use', () => {
  const { shelves, classes } = someShelves()
  const { book } = shelves.ofClass(classes, 16_000)
  shelves.ofClass(classes, 730)
  expect(classes.longest).toBe(16_000)
  shelves.drop(book)
  expect(classes.longest).toBe(730)
})
