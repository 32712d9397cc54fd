import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OddAnswer } from './read-answer.ts'
import { TemplateTransactions } from './template-transactions.ts'

/** A payment without witness: one input, one output. */
const PAYMENT = `0100000001${'aa'.repeat(32)}0000000000ffffffff01${'00'.repeat(8)}0000000000`
const USUAL = {
  data: PAYMENT,
  txid: `${'34'.repeat(31)}01`,
  hash: `${'56'.repeat(31)}02`,
  depends: [1],
  fee: 7,
  sigops: 4,
  weight: 400,
}

describe('transactions of a template', () => {
  test('are read into our byte order, and places counted from 0', () => {
    const [read] = new TemplateTransactions().read([USUAL])
    expect(read).toMatchObject({ fee: 7n, sigops: 4, weight: 400, depends: [0] })
    expect(Buffer.from(read!.data).toString('hex')).toBe(PAYMENT)
    expect([read!.txid[0], read!.wtxid[0]]).toEqual([1, 2])
  })

  test('that the template before had share its bytes, and nothing else', () => {
    const transactions = new TemplateTransactions()
    const [before] = transactions.read([USUAL])
    const [again] = transactions.read([{ ...USUAL, depends: [], fee: 9 }])
    expect(again!.data).toBe(before!.data)
    expect(again).toMatchObject({ fee: 9n, depends: [] })
    transactions.read([])
    expect(transactions.read([USUAL])[0]!.data).not.toBe(before!.data)
  })

  test('are read alike, whether as usual or by the schema', () => {
    const hash = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 })
    const count = fc.integer({ min: 0, max: 2 ** 31 })
    const usual = fc.record({
      data: fc.constant(PAYMENT),
      txid: hash,
      hash,
      depends: fc.array(fc.integer({ min: 1, max: 9 })),
      fee: count,
      sigops: count,
      weight: count,
    })
    fc.assert(
      fc.property(fc.array(usual, { maxLength: 5 }), (list) => {
        // a fee in a text is not as usual
        const strictly = list.map((tx) => ({ ...tx, fee: String(tx.fee) }))
        expect(new TemplateTransactions().read(strictly)).toEqual(new TemplateTransactions().read(list))
      }),
    )
  })

  test.each([
    ['data', 'zz'],
    ['data', '123'],
    ['data', 7],
    ['txid', '34'],
    ['txid', 'z'.repeat(64)],
    ['hash', 'z'.repeat(64)],
    ['depends', [0]],
    ['depends', 'x'],
    ['fee', 1.5],
    ['fee', 'x'],
    ['sigops', -1],
    ['weight', '400'],
  ])('of which %s is %j are refused by that name', (member, value) => {
    const read = () => new TemplateTransactions().read([USUAL, { ...USUAL, [member]: value }])
    expect(read).toThrow(OddAnswer)
    expect(read).toThrow(`transactions.${member}`)
  })

  test.each([[null], ['text'], [17]])('that are %j are refused', (tx) => {
    expect(() => new TemplateTransactions().read([tx])).toThrow(OddAnswer)
  })
})
