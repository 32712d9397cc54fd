import { encodeTransaction, parseTransaction, unhex } from '@sv2/bitcoin'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countScriptSigops, sigopsCost } from './sigops.ts'

test.each([
  ['nothing', '', 0],
  ['CHECKSIG and CHECKSIGVERIFY', 'acad', 2],
  ['CHECKMULTISIG counts as twenty', '5152ae', 20],
  ['P2PKH', `76a914${'ac'.repeat(20)}88ac`, 1],
  ['pushed bytes do not count', '02acacac', 1],
  ['OP_PUSHDATA1', '4c02acacac', 1],
  ['OP_PUSHDATA2', '4d0200acacac', 1],
  ['OP_PUSHDATA4', '4e02000000acacac', 1],
  ['a cut-off push ends the count', 'ac4cff', 1],
  ['a cut-off length ends the count', 'ac4d01', 1],
])('%s: %s has its sigops', (_, script, count) => {
  expect(countScriptSigops(unhex(script))).toBe(count)
})

test('any bytes can be counted', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (script) => {
      expect(countScriptSigops(script)).toBeLessThanOrEqual(20 * script.length)
    }),
  )
})

test('legacy operations cost four, a P2WPKH input one, a taproot key spend none', () => {
  const tx = parseTransaction(
    unhex(`0200000001${'77'.repeat(32)}0000000000ffffffff01e80300000000000001ac00000000`),
  )
  const coin = (script: string) => ({ value: 1n, script: unhex(script), height: 1, coinbase: false })
  expect(encodeTransaction(tx)).toHaveLength(61)
  expect(sigopsCost(tx, [])).toBe(4)
  expect(sigopsCost(tx, [coin(`0014${'11'.repeat(20)}`)])).toBe(5)
  expect(sigopsCost(tx, [coin(`5120${'11'.repeat(32)}`)])).toBe(4)
})
