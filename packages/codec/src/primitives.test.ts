import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectRefusal, hex, readFrom, unhex, written } from './_fixtures.ts'
import { b8, bool, f32, fixed, Reader, u8, u16, u24, u32, u64, u256 } from './index.ts'

describe('integers', () => {
  test.each([
    ['U8', u8, 0xfe, 'fe'],
    ['U16', u16, 0x0102, '0201'],
    ['U24', u24, 0x010203, '030201'],
    ['U32', u32, 0xf1020304, '040302f1'],
  ] as const)('FRM-01 (current, draft): %s stands little-endian', (_, wire, value, bytes) => {
    expect(written(wire, value)).toBe(bytes)
    expect(readFrom(wire, bytes)).toBe(value)
  })

  test('FRM-01 (current, draft): U64 stands little-endian and is a bigint', () => {
    expect(written(u64, 0xf102030405060708n)).toBe('08070605040302f1')
    expect(readFrom(u64, '08070605040302f1')).toBe(0xf102030405060708n)
  })

  test.each([
    ['U8', u8, 0x100],
    ['U16', u16, 0x1_0000],
    ['U24', u24, 0x100_0000],
    ['U32', u32, 0x1_0000_0000],
  ] as const)('%s refuses what it cannot hold and never wraps', (_, wire, tooLarge) => {
    for (const value of [tooLarge, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expectRefusal(() => written(wire, value), 'out-of-range')
    }
    expectRefusal(() => written(wire, undefined as never), 'out-of-range')
    expect(readFrom(wire, written(wire, tooLarge - 1))).toBe(tooLarge - 1)
  })

  test('U64 refuses what it cannot hold, numbers included', () => {
    for (const value of [-1n, 1n << 64n, 1 as never]) expectRefusal(() => written(u64, value), 'out-of-range')
  })

  test('every integer comes back', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (n) => readFrom(u32, written(u32, n >>> 0)) === n >>> 0))
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (n) => readFrom(u64, written(u64, n)) === n),
    )
  })

  test('FRM-13 (current, draft): a cut integer is refused', () => {
    for (const wire of [u8, u16, u24, u32, u64, f32, u256]) {
      expectRefusal(() => wire.read(new Reader(new Uint8Array(wire.minSize - 1)) as never), 'truncated')
    }
  })
})

describe('bool', () => {
  test('FRM-02, FRM-03 (current, draft): only bit 0 is read', () => {
    for (let byte = 0; byte < 256; byte++) {
      expect(bool.read(new Reader(Uint8Array.of(byte)))).toBe(byte % 2 === 1)
    }
  })

  test('it is written as 0x00 or 0x01', () => {
    expect([written(bool, false), written(bool, true)]).toEqual(['00', '01'])
  })
})

describe('f32', () => {
  test('single precision, little-endian', () => {
    expect(written(f32, 3)).toBe('00004040')
    expect(readFrom(f32, 'cdcc4441')).toBeCloseTo(12.3, 5)
  })

  test('the decoder returns NaN and infinities as they are', () => {
    expect(readFrom(f32, '0000c07f')).toBeNaN()
    expect(readFrom(f32, '000080ff')).toBe(Number.NEGATIVE_INFINITY)
    expect(written(f32, Number.POSITIVE_INFINITY)).toBe('0000807f')
  })

  test('a finite number that single precision cannot hold is refused', () => {
    expectRefusal(() => written(f32, 1e39), 'out-of-range')
    expectRefusal(() => written(f32, '1' as never), 'out-of-range')
  })
})

describe('fixed sizes', () => {
  test('bytes stand without a prefix', () => {
    expect(written(fixed(3), unhex('010203'))).toBe('010203')
    expect(hex(readFrom(b8, '0001020304050607'))).toBe('0001020304050607')
  })

  test('another size is refused', () => {
    expectRefusal(() => written(u256, new Uint8Array(31)), 'wrong-size')
    expectRefusal(() => written(u256, new Uint8Array(33)), 'wrong-size')
  })

  test('what is read is a plain view into the payload, even of a Buffer', () => {
    const payload = Buffer.from('01020304', 'hex')
    const view = fixed(2).read(new Reader(payload.subarray(1)))
    payload[1] = 0xff
    expect(view.constructor).toBe(Uint8Array)
    expect(hex(view)).toBe('ff03')
  })
})
