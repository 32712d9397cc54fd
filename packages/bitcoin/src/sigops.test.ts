import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unhex } from './bytes.ts'
import { countScriptSigops } from './sigops.ts'

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
