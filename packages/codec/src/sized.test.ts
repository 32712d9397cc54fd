import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectRefusal, hex, readFrom, written } from './_fixtures.ts'
import {
  b0_16m,
  b0_31,
  b0_32,
  b0_64k,
  b0_255,
  bytes,
  decodeText,
  encodeText,
  Reader,
  str0_32,
  str0_255,
  Writer,
} from './index.ts'

describe('byte strings', () => {
  test.each([
    ['B0_31', b0_31, '03010203'],
    ['B0_32', b0_32, '03010203'],
    ['B0_255', b0_255, '03010203'],
    ['B0_64K', b0_64k, '0300010203'],
    ['B0_16M', b0_16m, '030000010203'],
  ] as const)('%s puts its length in front', (_, wire, encoded) => {
    expect(written(wire, Uint8Array.of(1, 2, 3))).toBe(encoded)
    expect(hex(readFrom(wire, encoded))).toBe('010203')
  })

  test.each([
    ['B0_31', b0_31, 31],
    ['B0_32', b0_32, 32],
    ['B0_255', b0_255, 0xff],
    ['B0_64K', b0_64k, 0xffff],
    ['B0_16M', b0_16m, 0xff_ffff],
  ] as const)('%s holds its maximum and refuses one byte more', (_, wire, max) => {
    const out = new Writer()
    wire.write(out, new Uint8Array(max))
    expect(wire.read(new Reader(out.finish())).length).toBe(max)
    expectRefusal(() => wire.write(out, new Uint8Array(max + 1)), 'over-long')
  })

  test('FRM-13 (current, draft): a prefix above the type, or past the payload, is refused', () => {
    expectRefusal(() => readFrom(b0_32, `21${'00'.repeat(33)}`), 'over-long')
    expectRefusal(() => readFrom(b0_31, `21${'00'.repeat(33)}`), 'over-long')
    expectRefusal(() => readFrom(b0_32, '0301'), 'truncated')
    expectRefusal(() => readFrom(b0_64k, 'ffff00'), 'truncated')
    expectRefusal(() => readFrom(b0_16m, 'ffffff00'), 'truncated')
  })

  test('B0_31 is read with up to 32 bytes', () => {
    expect(readFrom(b0_31, `20${'00'.repeat(32)}`).length).toBe(32)
  })

  test('BYTES is everything that is left', () => {
    expect(hex(readFrom(bytes, '0102'))).toBe('0102')
    expect(written(bytes, Uint8Array.of(1, 2))).toBe('0102')
  })
})

describe('text', () => {
  test('the length counts bytes, not characters', () => {
    expect(written(str0_255, 'é€😀')).toBe('09c3a9e282acf09f9880')
    expect(readFrom(str0_255, '09c3a9e282acf09f9880')).toBe('é€😀')
    expectRefusal(() => written(str0_255, 'é'.repeat(128)), 'over-long')
  })

  test('STR0_32 is written with at most 32 bytes and read with up to 255', () => {
    expectRefusal(() => written(str0_32, 'x'.repeat(33)), 'over-long')
    expect(readFrom(str0_32, `21${'78'.repeat(33)}`)).toBe('x'.repeat(33))
  })

  test.each([
    ['a stray continuation byte', '61ff80', 'a\udcff\udc80'],
    ['an overlong form', 'c0af', '\udcc0\udcaf'],
    ['an encoded surrogate', 'eda080', '\udced\udca0\udc80'],
    ['a code point above U+10FFFF', 'f4908080', '\udcf4\udc90\udc80\udc80'],
    ['a cut sequence', '61e282', 'a\udce2\udc82'],
    ['a lead byte before ASCII', 'c361', '\udcc3a'],
  ])('%s survives as lone surrogates', (_, bytesHex, text) => {
    const raw = Buffer.from(bytesHex, 'hex')
    expect(decodeText(raw)).toBe(text)
    expect(hex(encodeText(text))).toBe(bytesHex)
  })

  test('every byte string comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (raw) => hex(encodeText(decodeText(raw))) === hex(raw)),
    )
  })

  test('valid UTF-8 reads as everybody else reads it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const raw = new TextEncoder().encode(text)
        return decodeText(raw) === text && hex(encodeText(text)) === hex(raw)
      }),
    )
  })

  test('a surrogate that stands for no byte is refused', () => {
    for (const text of ['\ud800', 'a\udc00', '\udc7f', '\udd00'])
      expectRefusal(() => encodeText(text), 'bad-string')
  })
})
