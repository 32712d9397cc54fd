import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes, hex, unhex } from './bytes.ts'
import { encodeOutput, parseCountedOutputs, parseOutputs } from './output.ts'

const anOutput = fc.record({
  value: fc.bigInt(0n, 2n ** 64n - 1n),
  script: fc.uint8Array({ maxLength: 300 }),
})

test('outputs come back from their bytes, with and without a count in front', () => {
  fc.assert(
    fc.property(fc.array(anOutput, { maxLength: 5 }), (outputs) => {
      const raw = concatBytes(...outputs.map(encodeOutput))
      expect(parseOutputs(raw)).toEqual(outputs)
      expect(parseOutputs(raw, outputs.length)).toEqual(outputs)
      expect(parseCountedOutputs(concatBytes(Uint8Array.of(outputs.length), raw))).toEqual(outputs)
    }),
  )
})

test('an output is value, script length, script', () => {
  expect(hex(encodeOutput({ value: 1n, script: unhex('51') }))).toBe('01000000000000000151')
  expect(() => encodeOutput({ value: -1n, script: unhex('51') })).toThrow(RangeError)
})

test('a wrong count and a cut output are refused', () => {
  const raw = encodeOutput({ value: 1n, script: unhex('51') })
  expect(() => parseOutputs(raw, 2)).toThrow(expect.objectContaining({ code: 'malformed' }))
  expect(() => parseOutputs(raw, 0)).toThrow(expect.objectContaining({ code: 'trailing-bytes' }))
  expect(() => parseOutputs(raw.subarray(0, 9))).toThrow(expect.objectContaining({ code: 'truncated' }))
  expect(() => parseCountedOutputs(unhex('fd'))).toThrow(expect.objectContaining({ code: 'truncated' }))
})
