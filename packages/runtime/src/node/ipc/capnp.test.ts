import { hex, unhex } from '@sv2/bitcoin'
import { describe, expect, test } from 'vitest'
import { encodeMessage, struct, words } from './capnp-build.ts'
import { Frames } from './capnp-frames.ts'
import { CapnpError, decodeMessage } from './capnp-read.ts'
import { createOptions, readCoinbase, waitOptions } from './core-schema.ts'
import { bootstrap, finish, readMessage, release } from './rpc-messages.ts'

// Made by Cap'n Proto's own tool from Core's files: capnp encode mining.capnp CoinbaseTx; with --segment-size=3 the second.
const COINBASE =
  '000000000e000000000000000300030002000000feffffff00f2052a010000006e0000000000000009000000120000000900' +
  '0000120000000900000016000000016f0000000000000001000000000000050000001a000000050000004a00000061626300' +
  '000000006465666768696a6b6c00000000000000'
const IN_SEGMENTS =
  '0600000001000000070000000200000002000000030000000200000003000000020000000100000000000000030003000200' +
  '0000feffffff00f2052a010000006e0000000000000002000000020000000200000003000000020000000400000001000000' +
  '12000000016f0000000000000100000012000000000100000000000001000000160000000200000005000000020000000600' +
  '0000010000001a0000006162630000000000010000004a0000006465666768696a6b6c00000000000000'
const RETURN =
  '000000000f000000000000000100010003000000000000000000000002000100040000000000000000000000000000000000' +
  '000000000200000000000000000001000000370000000c000000010001000100000006000000000000000000000002000000' +
  '07000000000000000000000003000000080000000000000000000000'

const reading = (text: string) => decodeMessage(unhex(text))

describe("Cap'n Proto", () => {
  test.each([
    ['in one segment', COINBASE],
    ['over many segments', IN_SEGMENTS],
  ])('a struct %s is read', (_, text) => {
    expect(readCoinbase(reading(text))).toEqual({
      version: 2,
      sequence: 0xffff_fffe,
      locktime: 110,
      scriptPrefix: Uint8Array.of(1, 111),
      witness: Uint8Array.of(0, 1),
      value: 5_000_000_000n,
      outputs: [Uint8Array.from(Buffer.from('abc')), Uint8Array.from(Buffer.from('defghijkl'))],
    })
  })

  test.each([
    [
      createOptions({ weight: 4_000, sigops: 12 }, { useMempool: false }),
      '000000000400000000000000030000000100000000000000e0100000000000009c01000000000000',
    ],
    [waitOptions(1.5, 1_000n), '00000000030000000000000002000000ffffffffffff1740e843075af0750700'],
  ])('options are written as Core reads them, defaults apart', (value, text) => {
    expect(hex(encodeMessage(value as Parameters<typeof encodeMessage>[0]))).toBe(text)
  })

  test.each([
    [
      bootstrap(1),
      '000000000500000000000000010001000800000000000000000000000100010001000000000000000000000000000000',
    ],
    [
      finish(7, { releases: false }),
      '00000000040000000000000001000100040000000000000000000000010000000700000001000000',
    ],
    [
      finish(7, { releases: true }),
      '00000000040000000000000001000100040000000000000000000000010000000700000000000000',
    ],
    [release(5), '00000000040000000000000001000100060000000000000000000000010000000500000001000000'],
  ])('messages of the RPC are those of the tool', (message, text) => {
    expect(hex(message)).toBe(text)
  })

  test('an answer names the objects that the peer gives, and no others', () => {
    expect(readMessage(reading(RETURN))).toMatchObject({
      kind: 'return',
      questionId: 4,
      outcome: { kind: 'results', capabilities: [6, 7, -1] },
    })
  })

  test('frames are cut out of a stream that comes byte by byte', () => {
    const frames = new Frames()
    const stream = unhex(COINBASE + IN_SEGMENTS)
    const got = [...stream].flatMap((byte) => frames.take(Uint8Array.of(byte)))
    expect(got.map(hex)).toEqual([COINBASE, IN_SEGMENTS])
  })

  test.each([
    ['of more segments than a node sends', 'ff0f0000'],
    ['that is longer than a node’s answers', '00000000ffffff7f'],
  ])('a message %s is refused before it is there', (_, text) => {
    expect(() => new Frames().take(unhex(text))).toThrow(CapnpError)
  })

  test('no message leads the reader out of its bytes, or to work without end', () => {
    const bytes = unhex(IN_SEGMENTS)
    for (let at = 4; at < bytes.length; at++)
      for (const value of [0, 0x7f, 0xff, bytes[at]! ^ 1, bytes[at]! ^ 6]) {
        const changed = bytes.slice()
        changed[at] = value
        expect(isReadOrRefused(changed)).toBe(true)
      }
  })

  test('a list of structs without bytes is refused, however many it says it has', () => {
    const root = struct(words(0), {
      kind: 'structs',
      elements: Array.from({ length: 3 }, () => struct(words(0))),
    })
    expect(() => decodeMessage(encodeMessage(root)).structs(0)).toThrow(CapnpError)
  })
})

function isReadOrRefused(frame: Uint8Array): boolean {
  try {
    readCoinbase(decodeMessage(frame))
    return true
  } catch (error) {
    return error instanceof CapnpError
  }
}
