import { describe, expect, test } from 'vitest'
import { aFrame, concat, hex, securedPair, toHex, vectors } from './_fixtures.ts'
import { CipherState } from './cipher-state.ts'
import { NoiseError } from './errors.ts'
import { nobleBackend } from './noble-backend.ts'
import { PrefixedTransport } from './prefixed-transport.ts'

const draft = vectors.handshakes[0]!
const aead = nobleBackend.chacha20Poly1305(hex(draft.keyFromClient))

function ends() {
  const state = () => new CipherState(aead, { nonceOrder: 'little' })
  return {
    sender: new PrefixedTransport({ send: state(), receive: state() }),
    receiver: new PrefixedTransport({ send: state(), receive: state() }),
  }
}

/** Noise messages around arbitrary plaintexts, as a peer that does not cut at frames may send them. */
function messagesOf(plaintexts: readonly Uint8Array[]): Uint8Array {
  const state = new CipherState(aead, { nonceOrder: 'little' })
  return concat(
    ...plaintexts.map((plaintext) => {
      const message = new Uint8Array(2 + plaintext.length + 16)
      new DataView(message.buffer).setUint16(0, plaintext.length + 16, true)
      state.seal(plaintext, message.subarray(2))
      return message
    }),
  )
}

function digest(pieces: readonly Uint8Array[]): string {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return `${whole.length} ${toHex(nobleBackend.sha256(whole))}`
}

test('SEC-10 (draft): one Noise message per frame behind a U16 LE length, header and payload in one ciphertext', () => {
  const sealed = ends().sender.seal([aFrame(1, 24), aFrame(2, 0), aFrame(3, 300)])
  expect(toHex(sealed.subarray(0, 2))).toBe('2e00')
  expect(toHex(sealed.subarray(48, 50))).toBe('1600')
  expect(toHex(sealed.subarray(72, 74))).toBe('4201')
  const first = new Uint8Array(30)
  expect(aead.open(new Uint8Array(12), new Uint8Array(0), sealed.subarray(2, 48), first)).toBe(true)
  expect(toHex(first)).toBe(toHex(aFrame(1, 24)))
})

test.each([
  [65_513, [65_535]],
  [65_514, [65_535, 17]],
  [131_032, [65_535, 65_535]],
  [131_033, [65_535, 65_535, 17]],
])('a frame with %i bytes of payload goes into Noise messages of %j', (payload, lengths) => {
  const sealed = ends().sender.seal([aFrame(1, payload)])
  const seen: number[] = []
  for (let at = 0; at < sealed.length; ) {
    const length = sealed[at]! | (sealed[at + 1]! << 8)
    seen.push(length)
    at += 2 + length
  }
  expect(seen).toEqual(lengths)
  expect(digest(ends().receiver.open(sealed))).toBe(digest([aFrame(1, payload)]))
})

test('every cut gives the same stream', () => {
  const frames = [aFrame(1, 24), aFrame(2, 0), aFrame(3, 40)]
  const sealed = ends().sender.seal(frames)
  for (let cut = 0; cut <= sealed.length; cut += 1) {
    const { receiver } = ends()
    const pieces = [...receiver.open(sealed.subarray(0, cut)), ...receiver.open(sealed.subarray(cut))]
    expect(toHex(concat(...pieces))).toBe(toHex(concat(...frames)))
  }
})

test('frames arrive byte by byte', () => {
  const { sender, receiver } = ends()
  const sealed = sender.seal([aFrame(1, 24), aFrame(2, 300)])
  const pieces = [...sealed].flatMap((byte) => receiver.open(Uint8Array.of(byte)))
  expect(pieces.map(toHex)).toEqual([toHex(aFrame(1, 24)), toHex(aFrame(2, 300))])
})

test('a large frame arrives in chunks of any size', () => {
  const sealed = ends().sender.seal([aFrame(1, 200_000), aFrame(2, 24)])
  for (const size of [65_536, 65_537, 1447]) {
    const { receiver } = ends()
    const pieces: Uint8Array[] = []
    for (let at = 0; at < sealed.length; at += size)
      pieces.push(...receiver.open(sealed.subarray(at, at + size)))
    expect(digest(pieces)).toBe(digest([aFrame(1, 200_000), aFrame(2, 24)]))
  }
})

test('SEC-10 (draft): several frames in one Noise message, or part of one, are read as a stream', () => {
  const stream = concat(aFrame(1, 24), aFrame(2, 10), aFrame(3, 50))
  const sealed = messagesOf([
    stream.subarray(0, 3),
    stream.subarray(3, 60),
    new Uint8Array(0),
    stream.subarray(60),
  ])
  expect(toHex(concat(...ends().receiver.open(sealed)))).toBe(toHex(stream))
})

describe('what is refused', () => {
  test('SEC-05 (draft): every single flipped byte, the lengths included', () => {
    const sealed = ends().sender.seal([aFrame(1, 24), aFrame(2, 0)])
    for (let at = 0; at < sealed.length; at += 1) {
      const forged = concat(sealed, new Uint8Array(300))
      forged[at]! ^= 1
      expect(() => ends().receiver.open(forged), `byte ${at}`).toThrow(NoiseError)
    }
  })

  test('a message too short for its tag, as soon as its length is there', () => {
    for (const chunk of ['0f00', '0000']) expect(() => ends().receiver.open(hex(chunk))).toThrow(/bad-length/)
    const { receiver } = ends()
    receiver.open(hex('0f'))
    expect(() => receiver.open(hex('00'))).toThrow(/bad-length/)
  })

  test('SEC-05 (draft): after a failed MAC nothing is opened any more', () => {
    const { sender, receiver } = ends()
    const sealed = sender.seal([aFrame(1, 24)])
    expect(() => receiver.open(concat(hex('1600'), new Uint8Array(22)))).toThrow(/bad-mac/)
    expect(() => receiver.open(sealed)).toThrow(/bad-mac/)
  })

  test('our own frames that are not what their header says', () => {
    expect(() => ends().sender.seal([aFrame(1, 24).subarray(0, 29)])).toThrow(RangeError)
  })
})

test('both directions of a handshake are independent', () => {
  const { client, server } = securedPair(draft)
  const up = client.transport.seal([aFrame(1, 24)])
  const down = server.transport.seal([aFrame(2, 24)])
  expect(client.transport.open(down).map(toHex)).toEqual([toHex(aFrame(2, 24))])
  expect(server.transport.open(up).map(toHex)).toEqual([toHex(aFrame(1, 24))])
})
