import { hex, parseTransaction, txid, unhex } from '@sv2/bitcoin'
import type { JournalRecord } from '@sv2/journal'
import { Ledger } from '@sv2/roles/ledger'
import { expect, test } from 'vitest'
import type { Query } from './ledger-messages.ts'
import { type LedgerQuery, LedgerView } from './ledger-queries.ts'
import { RecordKeeper } from './record-keeper.ts'
import { bookPayment } from './wallet-payments.ts'

const POOL_SCRIPT = Uint8Array.of(0x51)
const scriptOf = (name: string) => Uint8Array.of(0, 20, ...new Array(20).fill(name.charCodeAt(0)))

/** A ledger and the keeper of its journal; the disk takes what it is given when `flush` is called. */
function books() {
  const ledger = new Ledger({
    network: 'regtest',
    scheme: { scheme: 'fpps', feeBlocks: 0 },
    feePpm: 0n,
    poolScript: POOL_SCRIPT,
    dustLimit: 546,
    maxPayouts: 10,
    refreshMs: 1_000,
    confirmations: 6,
  })
  const records: JournalRecord[] = []
  let read = 0
  const flush = () => {
    for (; read < records.length; read++)
      ledger.handle({ node: 0, entry: { sequence: read, record: records[read]! } })
  }
  const keeper = new RecordKeeper({
    append: (record) => records.push(record),
    appendShare() {},
    scriptOf,
    now: () => 5,
  })
  for (const [account, name] of [
    [1, 'alice'],
    [2, 'bob'],
  ] as const)
    records.push({ kind: 'account', account, name, script: scriptOf(name) })
  flush()
  const view = new LedgerView(ledger, 'regtest', () => undefined)
  const payments = {
    network: 'regtest' as const,
    ledger: { ask: async (query: Query) => view.answer(query as LedgerQuery) as never },
    journal: {
      pay: (payment: Parameters<typeof keeper.payment>[0]) => {
        keeper.payment(payment)
        queueMicrotask(flush)
      },
    },
  }
  return { ledger, records, payments }
}

/** A transaction with these outputs, and an input of no meaning. */
function transaction(outputs: readonly (readonly [script: Uint8Array, value: number])[]): Uint8Array {
  const count = outputs.length.toString(16).padStart(2, '0')
  const each = outputs.map(([script, value]) => {
    const amount = Buffer.alloc(8)
    amount.writeBigUInt64LE(BigInt(value))
    return `${amount.toString('hex')}${script.length.toString(16).padStart(2, '0')}${hex(script)}`
  })
  return unhex(`0200000001${'11'.repeat(32)}0000000000ffffffff${count}${each.join('')}00000000`)
}

test('each output pays the account of its script, and the answer waits for the disk', async () => {
  const { ledger, records, payments } = books()
  const made = transaction([
    [scriptOf('alice'), 700],
    [POOL_SCRIPT, 90],
    [scriptOf('bob'), 200],
  ])
  const booked = await bookPayment(made, payments)
  expect(booked).toMatchObject({
    booked: 'now',
    paid: [
      { account: 'alice', value_sat: 700 },
      { account: 'bob', value_sat: 200 },
    ],
    to_pool_sat: 90,
  })
  expect(ledger.hasPaid(txid(parseTransaction(made)))).toBe(true)
  expect(ledger.balance(hex(scriptOf('alice')))).toBe(-700n)
  expect(ledger.balance(hex(scriptOf('bob')))).toBe(-200n)
  expect(records.at(-1)).toMatchObject({ kind: 'payment', time: 5 })
})

test('the same transaction again changes nothing', async () => {
  const { ledger, records, payments } = books()
  const made = transaction([[scriptOf('alice'), 700]])
  await Promise.all([bookPayment(made, payments), bookPayment(made, payments)])
  const { length } = records
  expect(await bookPayment(made, payments)).toMatchObject({ booked: 'before' })
  expect(records).toHaveLength(length)
  expect(ledger.balance(hex(scriptOf('alice')))).toBe(-700n)
})

test.each([
  [
    'an output of nobody',
    transaction([
      [scriptOf('alice'), 1],
      [scriptOf('x'), 5],
    ]),
    /bcrt1\w+ \(5 sat\)/,
  ],
  ['only the pool', transaction([[POOL_SCRIPT, 5]]), /pays no account/],
  ['bytes that are not a transaction', Uint8Array.of(1, 2, 3), /not a transaction/],
])('%s is refused, and nothing is written', async (_, bytes, reason) => {
  const { records, payments } = books()
  const { length } = records
  await expect(bookPayment(bytes, payments)).rejects.toThrow(reason)
  expect(records).toHaveLength(length)
})
