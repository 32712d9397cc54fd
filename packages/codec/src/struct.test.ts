import { describe, expect, test } from 'vitest'
import { expectRefusal, hex, readFrom, refusal, written } from './_fixtures.ts'
import { b0_16m, option, seq0_64k, seq0_255, struct, u8, u16, u32, u256 } from './index.ts'

describe('sequences', () => {
  test('the prefix counts elements', () => {
    expect(written(seq0_255(u16), [1, 2])).toBe('0201000200')
    expect(readFrom(seq0_64k(u16), '020001000200')).toEqual([1, 2])
  })

  test('more elements than the count can say are refused', () => {
    expectRefusal(() => written(seq0_255(u8), new Array(256).fill(0)), 'over-long')
    expectRefusal(() => written(seq0_64k(u8), new Array(65_536).fill(0)), 'over-long')
  })

  test('FRM-13 (current, draft): a count the remaining bytes cannot hold is refused before any element is read', () => {
    const error = refusal(() => readFrom(seq0_64k(b0_16m), 'ffff000000'))
    expect(error.code).toBe('truncated')
    expect(error.path).toBe('')
  })
})

describe('option', () => {
  test('0x00 is absent, 0x01 present', () => {
    expect([written(option(u32), undefined), written(option(u32), 5)]).toEqual(['00', '0105000000'])
    expect([readFrom(option(u32), '00'), readFrom(option(u32), '0105000000')]).toEqual([undefined, 5])
  })

  test('FRM-04 (current): any other prefix is refused', () => {
    for (const prefix of ['02', '81', 'ff'])
      expectRefusal(() => readFrom(option(u8), `${prefix}00`), 'bad-option')
  })

  test('FRM-13 (current): a present value that is not there is refused', () => {
    expectRefusal(() => readFrom(option(u32), '01050000'), 'truncated')
  })
})

describe('struct', () => {
  const inner = struct({ path: seq0_255(u256) })
  const wire = struct({ a: u8, inner, b: u16 }, { type: 'Sample' })

  test('fields stand in the order they are declared', () => {
    const value = { type: 'Sample' as const, a: 1, inner: { path: [new Uint8Array(32)] }, b: 2 }
    expect(written(wire, value)).toBe(`0101${'00'.repeat(32)}0200`)
    expect(readFrom(wire, written(wire, value))).toEqual(value)
  })

  test('its least size is the sum of its fields', () => {
    expect(wire.minSize).toBe(4)
  })

  test('an error names the way to the field', () => {
    const short = refusal(() => readFrom(wire, '0100ff'))
    expect([short.code, short.path]).toEqual(['truncated', 'b'])
    expect(short.message).toBe('truncated at b: 2 bytes wanted, 1 left')
    const bad = refusal(() =>
      written(wire, { type: 'Sample', a: 1, inner: { path: [new Uint8Array(31)] }, b: 2 }),
    )
    expect([bad.code, bad.path]).toEqual(['wrong-size', 'inner.path[0]'])
  })

  test('decoded values do not share anything', () => {
    const one = readFrom(struct({ a: u8 }), '01')
    const other = readFrom(struct({ a: u8 }), '02')
    expect([one.a, other.a]).toEqual([1, 2])
  })

  test('an error that is not ours passes unchanged', () => {
    const broken = {
      name: 'U8',
      minSize: 1,
      write: () => undefined,
      read: () => {
        throw new RangeError('ours')
      },
    }
    expect(() => readFrom(struct({ broken }), '00')).toThrow(RangeError)
    expect(hex(new Uint8Array(0))).toBe('')
  })
})
