import { describe, expect, test } from 'vitest'
import { concat, hex, publicVectors, queued, seeded, toHex } from './_fixtures.ts'
import { CipherState } from './cipher-state.ts'
import { NoiseError } from './errors.ts'
import { Handshake } from './handshake.ts'
import { nobleBackend } from './noble-backend.ts'
import { type CipherName, x25519Suite } from './suites/x25519-blake2s.ts'

interface Vector {
  readonly id: string
  readonly protocol_name: string
  readonly init_prologue: string
  readonly init_ephemeral_private: string
  readonly resp_static_private: string
  readonly resp_ephemeral_private: string
  readonly handshake_hash?: string
  readonly messages: readonly {
    readonly from: 'initiator' | 'responder'
    readonly payload: string
    readonly ciphertext: string
  }[]
}

const published = publicVectors<{ readonly vectors: readonly Vector[] }>('noise-nx-25519.json')
const reason = published === undefined ? ' (skipped: shared vectors are not at hand)' : ''

describe.skipIf(published === undefined)(`published NX vectors${reason}`, () => {
  test('all twenty are here', () => {
    expect(published?.vectors.length).toBe(20)
  })

  test.each(published?.vectors ?? [])('$id: both sides write and read every message', (vector) => {
    const { initiator, responder, suite } = sidesOf(vector)
    const [first, second, ...transport] = vector.messages
    expect(toHex(initiator.write(hex(first!.payload)))).toBe(first!.ciphertext)
    expect(toHex(responder.read(hex(first!.ciphertext)))).toBe(first!.payload)
    expect(toHex(responder.write(hex(second!.payload)))).toBe(second!.ciphertext)
    expect(toHex(initiator.read(hex(second!.ciphertext)))).toBe(second!.payload)
    const ends = { initiator: initiator.finish(), responder: responder.finish() }
    expect(toHex(ends.initiator.handshakeHash)).toBe(
      vector.handshake_hash ?? toHex(ends.responder.handshakeHash),
    )
    const staticKey = suite.keyPair(hex(vector.resp_static_private), queued()).wire
    expect(toHex(ends.initiator.remoteStatic!.wire)).toBe(toHex(staticKey))
    expect(ends.responder.remoteStatic).toBeUndefined()
    for (const { from, payload, ciphertext } of transport) {
      const to = from === 'initiator' ? 'responder' : 'initiator'
      const sealed = new Uint8Array(payload.length / 2 + 16)
      ends[from].send.seal(hex(payload), sealed)
      expect(toHex(sealed)).toBe(ciphertext)
      const opened = new Uint8Array(payload.length / 2)
      ends[to].receive.open(sealed, opened)
      expect(toHex(opened)).toBe(payload)
    }
  })
})

function sidesOf(vector: Vector) {
  const [cipher, hash] = vector.protocol_name.split('_').slice(3) as [CipherName, 'BLAKE2s' | 'SHA256']
  const suite = x25519Suite(nobleBackend, cipher, hash)
  expect(suite.protocolName).toBe(vector.protocol_name)
  const prologue = hex(vector.init_prologue)
  const staticPair = suite.keyPair(hex(vector.resp_static_private), queued())
  return {
    suite,
    initiator: new Handshake(
      { suite, role: 'initiator', prologue, staticPair: undefined },
      queued(hex(vector.init_ephemeral_private)),
    ),
    responder: new Handshake(
      { suite, role: 'responder', prologue, staticPair },
      queued(hex(vector.resp_ephemeral_private)),
    ),
  }
}

describe('a handshake', () => {
  const suite = x25519Suite(nobleBackend, 'ChaChaPoly', 'BLAKE2s')
  const staticPair = suite.keyPair(new Uint8Array(32).fill(7), queued())
  const noPrologue = new Uint8Array(0)
  const responder = () =>
    new Handshake({ suite, role: 'responder', prologue: noPrologue, staticPair }, seeded(1))
  const initiator = (prologue = noPrologue) =>
    new Handshake({ suite, role: 'initiator', prologue, staticPair: undefined }, seeded(2))

  test('refuses a message too short for its keys or its tag', () => {
    expect(() => responder().read(new Uint8Array(31))).toThrow(NoiseError)
    for (const length of [0, 31, 32, 79, 80, 95]) {
      const client = initiator()
      client.write(noPrologue)
      expect(() => client.read(new Uint8Array(length)), `${length} bytes`).toThrow(NoiseError)
    }
  })

  test('fails when the prologues differ', () => {
    const client = initiator(Uint8Array.of(1))
    const server = responder()
    server.read(client.write(noPrologue))
    expect(() => client.read(server.write(noPrologue))).toThrow(/bad-mac/)
  })

  test('a key of low order is refused', () => {
    const server = responder()
    server.read(new Uint8Array(32))
    expect(() => server.write(noPrologue)).toThrow(/bad-key/)
  })

  test('keeps the peer’s key when the chunk it came in is used again', () => {
    const client = initiator()
    const server = responder()
    const chunk = client.write(noPrologue)
    server.read(chunk)
    chunk.fill(0)
    expect(client.read(server.write(Uint8Array.of(5)))).toEqual(Uint8Array.of(5))
  })

  test('does not finish early and does not go on after its end', () => {
    const client = initiator()
    expect(() => client.finish()).toThrow(/messages left/)
    const server = responder()
    server.read(client.write(noPrologue))
    client.read(server.write(noPrologue))
    client.finish()
    expect(() => client.write(noPrologue)).toThrow(/no messages left/)
  })
})

describe('a cipher state', () => {
  const aead = nobleBackend.chacha20Poly1305(new Uint8Array(32).fill(3))

  test('SEC-13 (current): the counter advances by one a message, and not when a message is forged', () => {
    const sender = new CipherState(aead, { nonceOrder: 'little' })
    const receiver = new CipherState(aead, { nonceOrder: 'little' })
    const sealed = new Uint8Array(21)
    sender.seal(hex('0102030405'), sealed)
    expect(sender.counter).toBe(1n)
    const out = new Uint8Array(5)
    const forged = sealed.slice()
    forged[20]! ^= 1
    expect(() => receiver.open(forged, out)).toThrow(/bad-mac/)
    expect(receiver.counter).toBe(0n)
    receiver.open(sealed, out)
    expect(toHex(out)).toBe('0102030405')
    expect(receiver.counter).toBe(1n)
  })

  test('SEC-13 (current): the associated data of the transport is empty and the nonce is 4 zero bytes and the counter', () => {
    const sender = new CipherState(aead, { nonceOrder: 'little', firstCounter: 0x0102_0304_0506_0708n })
    const sealed = new Uint8Array(17)
    sender.seal(hex('aa'), sealed)
    const nonce = hex('000000000807060504030201')
    expect(aead.open(nonce, new Uint8Array(0), sealed, new Uint8Array(1))).toBe(true)
  })

  test('counts big-endian for AESGCM', () => {
    const gcm = nobleBackend.aes256Gcm(new Uint8Array(32))
    const sender = new CipherState(gcm, { nonceOrder: 'big', firstCounter: 0x0102_0304_0506_0708n })
    const sealed = new Uint8Array(17)
    sender.seal(hex('aa'), sealed)
    expect(gcm.open(hex('000000000102030405060708'), new Uint8Array(0), sealed, new Uint8Array(1))).toBe(true)
  })

  test('carries into the upper half of the counter', () => {
    const sender = new CipherState(aead, { nonceOrder: 'little', firstCounter: 0xffff_ffffn })
    sender.seal(new Uint8Array(0), new Uint8Array(16))
    expect(sender.counter).toBe(0x1_0000_0000n)
    const sealed = new Uint8Array(16)
    sender.seal(new Uint8Array(0), sealed)
    const nonce = concat(hex('00000000'), hex('0000000001000000'))
    expect(aead.open(nonce, new Uint8Array(0), sealed, new Uint8Array(0))).toBe(true)
  })

  test('never uses the reserved counter 2^64 − 1', () => {
    const settings = { nonceOrder: 'little', firstCounter: 0xffff_ffff_ffff_fffen } as const
    const sender = new CipherState(aead, settings)
    sender.seal(new Uint8Array(0), new Uint8Array(16))
    expect(() => sender.seal(new Uint8Array(0), new Uint8Array(16))).toThrow(/nonce-exhausted/)
    expect(() => sender.open(new Uint8Array(16), new Uint8Array(0))).toThrow(/nonce-exhausted/)
    expect(() => new CipherState(aead, { nonceOrder: 'little', firstCounter: 1n << 64n })).toThrow(RangeError)
  })
})
