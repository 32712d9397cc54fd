import { describe, expect, test } from 'vitest'
import { aFrame, concat, hex, securedPair, toHex, vectors } from './_fixtures.ts'
import { CipherState } from './cipher-state.ts'
import type { AeadKey } from './crypto-backend.ts'
import { NoiseError } from './errors.ts'
import { FramedTransport, sealedPayloadBytes } from './framed-transport.ts'
import { nobleBackend } from './noble-backend.ts'

const current = vectors.handshakes.find(({ edition }) => edition === 'current')!

/** Two ends that share their keys, without the cost of a handshake. */
function ends(
  maxPayloadBytes?: number,
  aead: AeadKey = nobleBackend.chacha20Poly1305(hex(current.keyFromClient)),
) {
  const state = () => new CipherState(aead, { nonceOrder: 'little' })
  const limit = maxPayloadBytes === undefined ? {} : { maxPayloadBytes }
  return {
    sender: new FramedTransport({ send: state(), receive: state() }),
    receiver: new FramedTransport({ send: state(), receive: state(), ...limit }),
  }
}

// `expect` on arrays of 64 kB takes seconds; a hash says the same.
function digests(frames: readonly Uint8Array[]): string[] {
  return frames.map((frame) => `${frame.length} ${toHex(nobleBackend.sha256(frame))}`)
}

test('SEC-11 (current): a 22-byte header ciphertext comes first, with the plaintext length inside', () => {
  const { sender } = ends()
  const frame = aFrame(1, 24)
  const sealed = sender.seal([frame])
  expect(sealed.length).toBe(22 + 24 + 16)
  const header = new Uint8Array(6)
  const aead = nobleBackend.chacha20Poly1305(hex(current.keyFromClient))
  expect(aead.open(new Uint8Array(12), new Uint8Array(0), sealed.subarray(0, 22), header)).toBe(true)
  expect(toHex(header)).toBe('000001180000')
})

test.each([
  [0, 0],
  [1, 17],
  [65_518, 65_534],
  [65_519, 65_535],
  [65_520, 65_535 + 17],
  [131_038, 131_070],
  [131_039, 131_070 + 17],
  [16_777_215, 16_781_327],
])('SEC-12 (current): a payload of %i bytes takes %i of ciphertext', (payload, sealed) => {
  expect(sealedPayloadBytes(payload)).toBe(sealed)
})

test('SEC-12 (current): payload blocks have 65519 bytes of plaintext, 65535 of ciphertext, the last one the rest', () => {
  const { sender } = ends()
  const frame = aFrame(1, 131_048)
  const sealed = sender.seal([frame])
  const aead = nobleBackend.chacha20Poly1305(hex(current.keyFromClient))
  const blocks = [22, 65_535, 65_535, 26]
  let at = 0
  let opened = 0
  for (const [counter, length] of blocks.entries()) {
    const nonce = new Uint8Array(12)
    nonce[4] = counter
    const out = new Uint8Array(length - 16)
    expect(aead.open(nonce, new Uint8Array(0), sealed.subarray(at, at + length), out)).toBe(true)
    expect(digests([out])).toEqual(digests([frame.subarray(opened, opened + out.length)]))
    at += length
    opened += out.length
  }
  expect(at).toBe(sealed.length)
})

test('every cut of several frames gives the same whole frames', () => {
  const frames = [aFrame(1, 24), aFrame(2, 0), aFrame(3, 1), aFrame(4, 40)]
  const { sender } = ends()
  const sealed = sender.seal(frames)
  for (let cut = 0; cut <= sealed.length; cut += 1) {
    const { receiver } = ends()
    const pieces = [...receiver.open(sealed.subarray(0, cut)), ...receiver.open(sealed.subarray(cut))]
    expect(pieces.map(toHex)).toEqual(frames.map(toHex))
  }
})

test('frames arrive byte by byte, each as soon as its last byte is there', () => {
  const frames = [aFrame(1, 24), aFrame(2, 0), aFrame(3, 300)]
  const { sender, receiver } = ends()
  const arrivals: number[] = []
  const sealed = sender.seal(frames)
  const pieces = [...sealed].flatMap((byte, at) => {
    const opened = receiver.open(Uint8Array.of(byte))
    if (opened.length > 0) arrivals.push(at + 1)
    return opened
  })
  expect(pieces.map(toHex)).toEqual(frames.map(toHex))
  expect(arrivals).toEqual([62, 84, sealed.length])
})

test.each([65_518, 65_519, 65_520, 200_000])(
  'a payload of %i bytes opens whole and in chunks of any size',
  (payload) => {
    const frames = [aFrame(9, payload), aFrame(2, 24)]
    const { sender } = ends()
    const sealed = sender.seal(frames)
    for (const size of [sealed.length, 65_536, 65_535, 16_384, 1447]) {
      const { receiver } = ends()
      const pieces: Uint8Array[] = []
      for (let at = 0; at < sealed.length; at += size)
        pieces.push(...receiver.open(sealed.subarray(at, at + size)))
      expect(digests(pieces)).toEqual(digests(frames))
    }
  },
)

test('an empty chunk and an empty list are nothing', () => {
  const { sender, receiver } = ends()
  expect(receiver.open(new Uint8Array(0))).toEqual([])
  expect(sender.seal([]).length).toBe(0)
})

test('pieces do not change when the socket uses its buffer again', () => {
  const { sender, receiver } = ends()
  const chunk = Buffer.from(sender.seal([aFrame(1, 24), aFrame(2, 24)]))
  const first = receiver.open(chunk.subarray(0, 100))
  chunk.subarray(0, 100).fill(0)
  const second = receiver.open(chunk.subarray(100))
  chunk.fill(0)
  expect([...first, ...second].map(toHex)).toEqual([aFrame(1, 24), aFrame(2, 24)].map(toHex))
})

describe('what is refused', () => {
  test('SEC-05 (current): every single flipped byte, in header or payload', () => {
    const sealed = ends().sender.seal([aFrame(1, 24), aFrame(2, 0)])
    for (let at = 0; at < sealed.length; at += 1) {
      const forged = sealed.slice()
      forged[at]! ^= 1
      expect(() => ends().receiver.open(forged), `byte ${at}`).toThrow(/bad-mac/)
    }
  })

  test('SEC-05 (current): after a failed MAC nothing is opened any more', () => {
    const { sender, receiver } = ends()
    const sealed = sender.seal([aFrame(1, 24)])
    expect(() => receiver.open(new Uint8Array(22))).toThrow(/bad-mac/)
    expect(() => receiver.open(sealed)).toThrow(/bad-mac/)
    expect(() => receiver.open(new Uint8Array(0))).toThrow(NoiseError)
  })

  test('frames repeated, left out or in another order', () => {
    const { sender } = ends()
    const [first, second] = [sender.seal([aFrame(1, 24)]), sender.seal([aFrame(1, 24)])]
    for (const stream of [concat(first, first), second, concat(second, first)]) {
      expect(() => ends().receiver.open(stream)).toThrow(/bad-mac/)
    }
  })

  test('a payload above the limit, right after its header and before anything of it came', () => {
    const { sender, receiver } = ends(100)
    expect(receiver.open(sender.seal([aFrame(1, 100)])).length).toBe(1)
    const tooLarge = sender.seal([aFrame(1, 101)])
    expect(receiver.open(tooLarge.subarray(0, 21))).toEqual([])
    expect(() => receiver.open(tooLarge.subarray(21, 22))).toThrow(/frame-too-large/)
  })

  test('our own frames that are not what their header says', () => {
    const { sender, receiver } = ends()
    const frame = aFrame(1, 24)
    for (const wrong of [frame.subarray(0, 5), frame.subarray(0, 29), concat(frame, frame)]) {
      expect(() => sender.seal([frame, wrong])).toThrow(RangeError)
    }
    expect(receiver.open(sender.seal([frame])).length, 'no counter was used up').toBe(1)
  })
})

test('work and memory stay linear: each byte is opened once, and a large frame is announced for free', () => {
  let openedBytes = 0
  const real = nobleBackend.chacha20Poly1305(hex(current.keyFromClient))
  const counting: AeadKey = {
    ...real,
    open: (nonce, associatedData, ciphertext, out) => {
      openedBytes += ciphertext.length
      return real.open(nonce, associatedData, ciphertext, out)
    },
  }
  const { sender, receiver } = ends(undefined, counting)
  const sealed = sender.seal([aFrame(1, 70_000)])
  let pieces = 0
  for (let at = 0; at < sealed.length; at += 11) pieces += receiver.open(sealed.subarray(at, at + 11)).length
  expect([pieces, openedBytes]).toEqual([1, sealed.length])
})

test('both directions of a handshake are independent', () => {
  const { client, server } = securedPair(current)
  const up = client.transport.seal([aFrame(1, 24)])
  const down = server.transport.seal([aFrame(2, 24)])
  expect(client.transport.open(down).map(toHex)).toEqual([toHex(aFrame(2, 24))])
  expect(server.transport.open(up).map(toHex)).toEqual([toHex(aFrame(1, 24))])
  expect(() => client.transport.open(up)).toThrow(/bad-mac/)
})
