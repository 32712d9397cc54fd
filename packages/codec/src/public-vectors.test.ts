import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hex, readFrom, unhex, written } from './_fixtures.ts'
import * as codec from './index.ts'

const path = join(import.meta.dirname, '../../../../shared/vectors/sv2-messages-current.json')

interface Vectors {
  frames: {
    id: string
    hex: string
    extension_type: number
    channel_msg: boolean
    msg_type: number
    msg_length: number
    payload?: string
  }[]
  tlv: {
    id: string
    hex: string
    extension_type: number
    field_type: number
    value: string
    valid: boolean
    byte_order: string
  }[]
  datatypes: { id: string; type: string; value: unknown; hex: string; valid: boolean }[]
}

const WIRES: Record<string, unknown> = {
  U8: codec.u8,
  U16: codec.u16,
  U24: codec.u24,
  U32: codec.u32,
  U256: codec.u256,
  F32: codec.f32,
  STR0_32: codec.str0_32,
  STR0_255: codec.str0_255,
  B0_31: codec.b0_31,
  B0_32: codec.b0_32,
  B0_255: codec.b0_255,
  B0_64K: codec.b0_64k,
  B0_16M: codec.b0_16m,
}

/** Byte values are hex in the file; text and numbers are themselves. */
function domainValue(type: string, value: unknown): unknown {
  return type === 'U256' || type.startsWith('B0_') ? unhex(value as string) : value
}

// the collector calls bytes that are no UTF-8 malformed; we keep them losslessly (docs/wire.md §2)
const KEPT = new Set(['ccdle12-str-utf8'])

if (existsSync(path)) {
  const { frames, tlv, datatypes } = JSON.parse(readFileSync(path, 'utf8')) as Vectors

  describe('public vectors', () => {
    test.each(frames)('header of $id', (vector) => {
      const header = codec.decodeHeader(unhex(vector.hex))
      expect(header).toEqual({
        extensionType: vector.extension_type,
        channelMsg: vector.channel_msg,
        msgType: vector.msg_type,
        payloadLength: vector.msg_length,
      })
      expect(hex(codec.encodeHeader(header))).toBe(vector.hex.slice(0, 12))
    })

    test.each(frames.filter(({ payload }) => payload !== undefined))('payload of $id', (vector) => {
      expect(new codec.FrameSplitter().push(unhex(vector.hex)).map(({ payload }) => hex(payload))).toEqual([
        vector.payload,
      ])
    })

    test.each(tlv)('TLV $id', (vector) => {
      const order = vector.byte_order.startsWith('little') ? 'little' : 'big'
      const read = () => codec.decodeTlvs(unhex(vector.hex), order)
      if (!vector.valid) return expect(read).toThrow(codec.CodecError)
      const [field] = read()
      expect(field).toEqual({
        extensionType: vector.extension_type,
        fieldType: vector.field_type,
        value: unhex(vector.value),
      })
      expect(hex(codec.encodeTlv(field!, order))).toBe(vector.hex)
    })

    test.each(datatypes.filter(({ type }) => type !== 'struct'))(
      '$type $id',
      ({ id, type, value, hex: bytes, valid }) => {
        const wire = WIRES[type] as codec.Wire<unknown>
        if (KEPT.has(id)) return expect(written(wire, readFrom(wire, bytes))).toBe(bytes)
        if (!valid) return expect(() => readFrom(wire, bytes)).toThrow(codec.CodecError)
        expect(readFrom(wire, bytes)).toEqual(domainValue(type, value))
        expect(written(wire, domainValue(type, value))).toBe(bytes)
      },
    )

    test.each(datatypes.filter(({ type }) => type === 'struct'))('structure $id', ({ value, hex: bytes }) => {
      const parts = value as { type: string; value: unknown }[]
      const wire = codec.struct(
        Object.fromEntries(parts.map(({ type }) => [type, WIRES[type] as codec.Wire<unknown>])),
      )
      const whole = Object.fromEntries(parts.map((part) => [part.type, domainValue(part.type, part.value)]))
      expect(readFrom(wire, bytes)).toEqual(whole)
      expect(written(wire, whole)).toBe(bytes)
    })
  })
} else {
  test.skip(`public vectors: ${path} is missing`, () => {})
}
