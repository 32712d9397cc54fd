import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BitcoinError } from './bitcoin-error.ts'
import { hex, unhex } from './bytes.ts'
import { encodeCompactSize, readCompactSize } from './compact-size.ts'

test.each([
  [0, '00'],
  [252, 'fc'],
  [253, 'fdfd00'],
  [65535, 'fdffff'],
  [65536, 'fe00000100'],
  [4294967295, 'feffffffff'],
  [4294967296, 'ff0000000001000000'],
])('%i is spelt %s', (value, spelling) => {
  expect(hex(encodeCompactSize(value))).toBe(spelling)
  expect(readCompactSize(unhex(`aa${spelling}`), 1)).toEqual({ value, size: spelling.length / 2 })
})

test('every count reads back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (n) => {
      expect(readCompactSize(encodeCompactSize(n), 0).value).toBe(n)
    }),
  )
})

test.each(['fdfc00', 'feffff0000', 'ffffffffff00000000'])(
  '%s is longer than necessary and refused',
  (spelling) => {
    expect(() => readCompactSize(unhex(spelling), 0)).toThrow(
      expect.objectContaining({ code: 'non-canonical' }),
    )
  },
)

test.each(['', 'fd', 'fdff', 'feffffff', 'ffffffffffffffff'.slice(0, 16)])('"%s" ends early', (spelling) => {
  expect(() => readCompactSize(unhex(spelling), 0)).toThrow(expect.objectContaining({ code: 'truncated' }))
})

test('a count beyond exact numbers is refused', () => {
  expect(() => readCompactSize(unhex('ffffffffffffffffff'), 0)).toThrow(BitcoinError)
  expect(() => encodeCompactSize(-1)).toThrow(RangeError)
  expect(() => encodeCompactSize(1.5)).toThrow(RangeError)
})
