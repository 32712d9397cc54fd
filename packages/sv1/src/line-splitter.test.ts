import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from './_fixtures.ts'
import { LineSplitter, Sv1Error } from './index.ts'

describe('cutting a stream into lines', () => {
  test('takes lines with LF and with CR LF, and leaves empty ones out', () => {
    expect(new LineSplitter().push(utf8('a\nb\r\n\n\r\nc\r\r\nrest'))).toEqual(['a', 'b', 'c\r'])
  })

  test('gives the same lines whatever way the stream was cut', () => {
    const stream = utf8('{"id":1}\r\n\n{"name":"NerdOCTAXE-γ"}\n{"x":"\u{1f525}"}\nrest')
    const whole = ['{"id":1}', '{"name":"NerdOCTAXE-γ"}', '{"x":"\u{1f525}"}']
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), (cuts) => {
        const splitter = new LineSplitter()
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length]
        const lines = edges
          .slice(1)
          .flatMap((end, index) => splitter.push(stream.subarray(edges[index], end)))
        expect(lines).toEqual(whole)
        expect(splitter.pending).toBe(true)
      }),
    )
  })

  test('a byte order mark in front of the first line is none of it, a later one is', () => {
    expect(new LineSplitter().push(utf8('\ufeff{"id":1}\n\ufeff{"id":2}\n'))).toEqual([
      '{"id":1}',
      '\ufeff{"id":2}',
    ])
    expect(new LineSplitter().push(utf8('\ufeff\r\n{"id":1}\n'))).toEqual(['{"id":1}'])
  })

  test('gives the same lines byte by byte as at once, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const slow = new LineSplitter()
        const lines = Array.from(bytes, (byte) => slow.push(Uint8Array.of(byte))).flat()
        expect(lines).toEqual(new LineSplitter().push(bytes))
      }),
    )
  })

  test('reads bytes that are no UTF-8 as U+FFFD, and never loses a line feed to them', () => {
    expect(new LineSplitter().push(Uint8Array.of(0x61, 0xff, 0x0a, 0xe2, 0x82, 0x0a, 0x62, 0x0a))).toEqual([
      'a\ufffd',
      '\ufffd',
      'b',
    ])
  })

  test('does not keep a view into the chunk', () => {
    const splitter = new LineSplitter()
    const chunk = utf8('half')
    splitter.push(chunk)
    chunk.fill(0)
    expect(splitter.push(utf8('\n'))).toEqual(['half'])
  })
})

describe('a line that is too long', () => {
  const tooLong = new Sv1Error('line-too-long', '9 bytes in a line, 8 allowed')

  test('is taken up to the limit and not a byte further', () => {
    expect(new LineSplitter({ maxLength: 8 }).push(utf8('12345678\n'))).toEqual(['12345678'])
    expect(() => new LineSplitter({ maxLength: 8 }).push(utf8('123456789\n'))).toThrow(tooLong)
    expect(() => new LineSplitter({ maxLength: 8 }).push(utf8('123456789'))).toThrow(tooLong)
  })

  test('is refused when its pieces are short, and everything after it', () => {
    const splitter = new LineSplitter({ maxLength: 8 })
    expect(splitter.push(utf8('1234567'))).toEqual([])
    expect(() => splitter.push(utf8('89\n'))).toThrow(tooLong)
    expect(() => splitter.push(utf8('{}\n'))).toThrow(Sv1Error)
  })

  test('means more than 16 KiB unless said otherwise', () => {
    expect(new LineSplitter().push(utf8(`${'x'.repeat(16_384)}\n`))).toHaveLength(1)
    expect(() => new LineSplitter().push(utf8('x'.repeat(16_385)))).toThrow('line-too-long')
  })
})
