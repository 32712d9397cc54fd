import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectRefusal, hex, unhex } from './_fixtures.ts'
import {
  CodecError,
  decodeHeader,
  encodeFrame,
  encodeFrameOf,
  encodeHeader,
  type Frame,
  FrameSplitter,
  u32,
} from './index.ts'

describe('headers', () => {
  test('FRM-05 (current, draft): channel_msg is bit 15 and no part of the extension id', () => {
    expect(decodeHeader(unhex('bc8a16ccbbaa'))).toEqual({
      extensionType: 0x0abc,
      channelMsg: true,
      msgType: 0x16,
      payloadLength: 0xaabbcc,
    })
    expect(decodeHeader(unhex('bc0a16ccbbaa')).extensionType).toBe(0x0abc)
  })

  test('FRM-01 (current, draft): a header is written little-endian', () => {
    const header = { extensionType: 0, channelMsg: true, msgType: 0x16, payloadLength: 0xaabbcc }
    expect(hex(encodeHeader(header))).toBe('008016ccbbaa')
  })

  test('what a header cannot say is refused', () => {
    expectRefusal(
      () => encodeFrame({ extensionType: 0x8000, channelMsg: false, msgType: 0 }, new Uint8Array(0)),
      'out-of-range',
    )
    expectRefusal(
      () => encodeFrame({ extensionType: 0, channelMsg: false, msgType: 256 }, new Uint8Array(0)),
      'out-of-range',
    )
    expectRefusal(
      () => encodeFrame({ extensionType: 0, channelMsg: false, msgType: 0 }, new Uint8Array(0x100_0000)),
      'over-long',
    )
    expectRefusal(() => decodeHeader(new Uint8Array(5)), 'truncated')
  })

  test('a frame made in place equals one made around a payload', () => {
    const header = { extensionType: 1, channelMsg: true, msgType: 2 }
    expect(encodeFrameOf(header, u32, 7, Uint8Array.of(9))).toEqual(
      encodeFrame({ extensionType: 1, channelMsg: true, msgType: 2 }, unhex('0700000009')),
    )
  })

  test('a refused value leaves nothing behind in the next frame', () => {
    const header = { extensionType: 0, channelMsg: false, msgType: 2 }
    expectRefusal(() => encodeFrameOf(header, u32, -1), 'out-of-range')
    expect(hex(encodeFrameOf(header, u32, 7))).toBe('00000204000007000000')
  })
})

describe('splitting a stream', () => {
  const frames: Frame[] = [
    { extensionType: 0, channelMsg: false, msgType: 1, payload: unhex('020000000000') },
    { extensionType: 1, channelMsg: false, msgType: 2, payload: new Uint8Array(0) },
    {
      extensionType: 0,
      channelMsg: true,
      msgType: 0x1f,
      payload: Uint8Array.from({ length: 5000 }, (_, i) => i),
    },
    { extensionType: 0x4000, channelMsg: true, msgType: 0xff, payload: unhex('01020304') },
  ]
  const stream = Buffer.concat(frames.map((f) => encodeFrame(f, f.payload)))
  const plain = (list: Frame[]) => list.map((frame) => ({ ...frame, payload: hex(frame.payload) }))

  test('FRM-14 (current, draft): frames come out the same however the stream is cut', () => {
    const cuts = fc.array(fc.nat({ max: stream.length }), { maxLength: 12 })
    fc.assert(
      fc.property(cuts, (positions) => {
        const splitter = new FrameSplitter()
        const edges = [0, ...positions.sort((a, b) => a - b), stream.length]
        const got = edges.slice(1).flatMap((end, index) => splitter.push(stream.subarray(edges[index], end)))
        expect(plain(got)).toEqual(plain(frames))
        expect(splitter.pending).toBe(false)
      }),
    )
  })

  test('FRM-14 (current, draft): byte by byte', () => {
    const splitter = new FrameSplitter()
    const got = [...stream].flatMap((byte) => splitter.push(Uint8Array.of(byte)))
    expect(plain(got)).toEqual(plain(frames))
  })

  test('a frame that lies whole in a chunk is a view into it', () => {
    const chunk = new Uint8Array(stream)
    const [first] = new FrameSplitter().push(chunk)
    expect(first?.payload.buffer).toBe(chunk.buffer)
  })

  test('a frame that crosses chunks does not depend on them afterwards', () => {
    const splitter = new FrameSplitter()
    const head = encodeFrame(
      { extensionType: 0, channelMsg: false, msgType: 1 },
      unhex('0102030405060708'),
    ).slice(0, 10)
    splitter.push(head)
    head.fill(0xff)
    const [frame] = splitter.push(unhex('05060708'))
    expect(hex(frame!.payload)).toBe('0102030405060708')
  })

  test('a length above the limit is refused with the header, and ever after', () => {
    const splitter = new FrameSplitter({ maxPayload: 100 })
    splitter.push(unhex('0000016500'))
    expect(splitter.pending).toBe(true)
    expectRefusal(() => splitter.push(unhex('00')), 'frame-too-long')
    expectRefusal(() => splitter.push(unhex('00')), 'frame-too-long')
    expect(new FrameSplitter({ maxPayload: 101 }).push(unhex(`000001650000${'00'.repeat(101)}`)).length).toBe(
      1,
    )
  })

  test('a large frame in small chunks is not copied again and again', () => {
    const size = 4_000_000
    const splitter = new FrameSplitter()
    splitter.push(encodeHeader({ extensionType: 0, channelMsg: false, msgType: 1, payloadLength: size }))
    const chunk = new Uint8Array(100).fill(7)
    let copied = 0
    const set = Uint8Array.prototype.set
    Uint8Array.prototype.set = function (source: ArrayLike<number>, offset?: number) {
      copied += source.length
      set.call(this, source, offset)
    }
    let got: Frame[] = []
    try {
      for (let sent = 0; sent < size; sent += chunk.length) got = splitter.push(chunk)
    } finally {
      Uint8Array.prototype.set = set
    }
    expect(got[0]?.payload.length).toBe(size)
    expect(copied).toBeLessThan(4 * size)
  })

  test('an error is a CodecError', () => {
    expect(() => new FrameSplitter({ maxPayload: 0 }).push(unhex('000001010000'))).toThrow(CodecError)
  })
})
