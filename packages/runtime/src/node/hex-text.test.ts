import { hex, unhex } from '@sv2/bitcoin'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hexBytes, hexText } from './hex-text.ts'

test('hex says the bytes and nothing of what lies around them', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(3), (bytes, at) => {
      const part = bytes.subarray(at)
      expect(hexText(part)).toBe(hex(part))
      expect(hexBytes(hexText(part))).toEqual(unhex(hex(part)))
    }),
  )
})

test.each(['0', 'abc', '0g', 'zz00', '00 11', 'é0'])('%j is not hex', (text) => {
  expect(() => hexBytes(text)).toThrow(RangeError)
})
