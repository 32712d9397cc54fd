import { describe, expect, test } from 'vitest'
import { expectRefusal, hex, unhex } from './_fixtures.ts'
import { decodeTlvs, encodeTlv, encodeTlvs, findTlvs, type TlvByteOrder } from './index.ts'

const worker = { extensionType: 2, fieldType: 1, value: new TextEncoder().encode('Worker_001') }
const little = '0200010a00576f726b65725f303031'
const big = '000201000a576f726b65725f303031'
const onlyTwo = (extensionType: number) => extensionType === 2

describe('TLV fields', () => {
  test('are written little-endian unless told otherwise', () => {
    expect(hex(encodeTlv(worker))).toBe(little)
    expect(hex(encodeTlv(worker, 'big'))).toBe(big)
  })

  test('EXT-12 (current): length 0 has no value bytes', () => {
    expect(hex(encodeTlv({ extensionType: 2, fieldType: 1, value: new Uint8Array(0) }))).toBe('0200010000')
    expect(decodeTlvs(unhex('0200010000'))[0]?.value.length).toBe(0)
  })

  test.each<[TlvByteOrder]>([['little'], ['big']])(
    'EXT-09 (current): are written by ascending extension id, %s-endian, one extension’s own order kept',
    (order) => {
      const field = (extensionType: number, fieldType: number) => ({
        extensionType,
        fieldType,
        value: Uint8Array.of(fieldType),
      })
      const bytes = encodeTlvs(
        [field(0x0300, 1), field(2, 9), field(0x4001, 1), field(2, 4), field(5, 2)],
        order,
      )
      const written = decodeTlvs(bytes, order).map(({ extensionType, fieldType }) => [
        extensionType,
        fieldType,
      ])
      expect(written).toEqual([
        [2, 9],
        [2, 4],
        [5, 2],
        [0x0300, 1],
        [0x4001, 1],
      ])
      expect(encodeTlvs([], order)).toHaveLength(0)
    },
  )

  test('are read to the end or refused', () => {
    expect(decodeTlvs(unhex(little + little)).length).toBe(2)
    expectRefusal(() => decodeTlvs(unhex(`${little}02`)), 'truncated')
    expectRefusal(() => decodeTlvs(unhex(little.slice(0, -2))), 'truncated')
  })

  test('what a field cannot say is refused', () => {
    expectRefusal(() => encodeTlv({ ...worker, extensionType: 0x1_0000 }), 'out-of-range')
    expectRefusal(() => encodeTlv({ ...worker, fieldType: 256 }), 'out-of-range')
    expectRefusal(() => encodeTlv({ ...worker, value: new Uint8Array(0x1_0000) }), 'over-long')
  })

  test('are found in either byte order', () => {
    expect(findTlvs(unhex(little), onlyTwo)).toEqual(decodeTlvs(unhex(little)))
    expect(findTlvs(unhex(big), onlyTwo).map(({ value }) => hex(value))).toEqual([hex(worker.value)])
  })

  test('of other extensions, and bytes that are none, are passed over', () => {
    expect(findTlvs(unhex(`0300010100ff${little}`), onlyTwo).length).toBe(1)
    expect(findTlvs(unhex(`${little}0300`), onlyTwo).length).toBe(1)
    expect(findTlvs(unhex('deadbeef'), onlyTwo)).toEqual([])
  })

  test('of a known extension that run past the end are refused', () => {
    expectRefusal(() => findTlvs(unhex('0200010a00576f'), onlyTwo), 'truncated')
  })
})
