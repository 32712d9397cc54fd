import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareLe,
  concatBytes,
  displayHash,
  equalBytes,
  hex,
  parseDisplayHash,
  reversed,
  unhex,
} from './bytes.ts'

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('hex', () => {
  test('any bytes come back from their hex, in either case', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        expect(unhex(hex(bytes))).toEqual(bytes)
        expect(unhex(hex(bytes).toUpperCase())).toEqual(bytes)
      }),
    )
  })

  test.each(['0', 'zz', '0g', 'é0', ' 1', '00 '])('"%s" is refused as hex', (text) => {
    expect(() => unhex(text)).toThrow(RangeError)
  })
})

describe('order of bytes', () => {
  test('a displayed hash is the reversed hex and reads back into wire order', () => {
    const wire = Uint8Array.from({ length: 32 }, (_, i) => i)
    expect(displayHash(wire).slice(0, 6)).toBe('1f1e1d')
    expect(parseDisplayHash(displayHash(wire))).toEqual(wire)
    expect(() => parseDisplayHash('00')).toThrow(RangeError)
  })

  test('reversing leaves the source alone', () => {
    const source = Uint8Array.of(1, 2, 3)
    expect([...reversed(source)]).toEqual([3, 2, 1])
    expect([...source]).toEqual([1, 2, 3])
    const buffer = Buffer.from([1, 2, 3])
    expect([...reversed(buffer)]).toEqual([3, 2, 1])
    expect([...buffer]).toEqual([1, 2, 3])
  })

  test('little-endian comparison agrees with integers', () => {
    const value = (bytes: Uint8Array): bigint => BigInt(`0x${hex(reversed(bytes))}`)
    fc.assert(
      fc.property(bytes32, bytes32, (a, b) => {
        const expected = value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0
        expect(compareLe(a, b)).toBe(expected)
        expect(compareLe(a, a)).toBe(0)
      }),
    )
  })

  test('only 32-byte integers are compared', () => {
    expect(() => compareLe(new Uint8Array(31), new Uint8Array(32))).toThrow(RangeError)
  })
})

test('concatenation and equality go byte by byte', () => {
  expect(
    equalBytes(concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3)),
  ).toBe(true)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
})
