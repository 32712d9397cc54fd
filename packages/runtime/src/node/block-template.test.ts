import { describe, expect, test } from 'vitest'
import { readBlockTemplate } from './block-template.ts'

/** A payment without witness: one input, one output. */
const PAYMENT = `0100000001${'aa'.repeat(32)}0000000000ffffffff01${'00'.repeat(8)}0000000000`
const FULL = {
  version: 0x20000000,
  rules: ['csv', '!segwit', 'taproot'],
  vbrequired: 0,
  previousblockhash: '12'.repeat(32),
  transactions: [
    {
      data: PAYMENT,
      txid: '34'.repeat(32),
      hash: '34'.repeat(32),
      depends: [],
      fee: 7,
      sigops: 4,
      weight: 400,
    },
  ],
  coinbasevalue: 5_000_000_007,
  longpollid: 'x',
  target: 'ff'.repeat(32),
  mintime: 100,
  curtime: 200,
  bits: '207fffff',
  height: 9,
  sigoplimit: 80_000,
  weightlimit: 4_000_000,
  default_witness_commitment: '6a24',
}
const without = (...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(FULL).filter(([key]) => !keys.includes(key)))

describe('a template', () => {
  test('without what BIP 22 calls optional is mined all the same', () => {
    const { transactions, ...bare } = without(
      'longpollid',
      'mintime',
      'sigoplimit',
      'weightlimit',
      'vbrequired',
    )
    const [{ sigops: _, weight: __, hash: ___, ...tx }] = FULL.transactions as [(typeof FULL.transactions)[0]]
    const read = readBlockTemplate({ ...bare, transactions: [tx] })
    expect(read).toMatchObject({ mintime: 0, sigopLimit: 80_000, weightLimit: 4_000_000, height: 9 })
    expect(read.transactions[0]).toMatchObject({ fee: 7n, weight: 4 * (PAYMENT.length / 2), sigops: 0 })
    expect(read.transactions[0]!.wtxid).toHaveLength(32)
    expect(transactions).toBeDefined()
  })

  test.each([
    'version',
    'previousblockhash',
    'transactions',
    'coinbasevalue',
    'target',
    'curtime',
    'bits',
    'height',
  ])('without %s is refused by its name', (member) => {
    expect(() => readBlockTemplate(without(member))).toThrow(
      `this node's answer to getblocktemplate cannot be used: it lacks ${member}`,
    )
  })

  test.each([{ member: 'fee' }, { member: 'depends' }, { member: 'txid' }])(
    'whose transactions have no $member is refused: one message, however many',
    ({ member }) => {
      const bare = Object.fromEntries(Object.entries(FULL.transactions[0]!).filter(([key]) => key !== member))
      const read = () => readBlockTemplate({ ...FULL, transactions: Array.from({ length: 50 }, () => bare) })
      expect(read).toThrow(
        /^this node's answer to getblocktemplate cannot be used: it lacks transactions\.\w+$/,
      )
    },
  )

  test.each([null, 'text', 17, []])('that is %o is refused', (answer) => {
    expect(() => readBlockTemplate(answer)).toThrow('it is not an object')
  })

  test.each([
    {
      what: 'a signet that signs its blocks',
      over: { signet_challenge: '5121aa51ae' },
      part: 'need a signature',
    },
    { what: 'version bits that must be set', over: { vbrequired: 4 }, part: 'version bits 4' },
    {
      what: 'a rule that nobody here knows',
      over: { rules: ['!segwit', '!covenants'] },
      part: '"!covenants"',
    },
  ])('of $what is refused', ({ over, part }) => {
    expect(() => readBlockTemplate({ ...FULL, ...over })).toThrow(part)
  })

  test('of a signet whose blocks need no signature is mined', () => {
    const open = { ...FULL, rules: [...FULL.rules, '!signet'], signet_challenge: '51' }
    expect(readBlockTemplate(open).height).toBe(9)
  })
})
