import { encodeTransaction, parseTransaction, unhex } from '@sv2/bitcoin'
import { expect, test } from 'vitest'
import { sigopsCost } from './sigops.ts'

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
