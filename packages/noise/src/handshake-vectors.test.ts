import { describe, expect, test } from 'vitest'
import {
  actTwo,
  endsOf,
  type HandshakeVector,
  hex,
  queued,
  securedPair,
  toHex,
  VALID_AT,
  vectors,
} from './_fixtures.ts'
import { Handshake } from './handshake.ts'
import { nobleBackend } from './noble-backend.ts'

const drafts = vectors.handshakes.filter(({ edition }) => edition === 'draft')
const currents = vectors.handshakes.filter(({ edition }) => edition === 'current')

/** Runs a handshake of a vector and compares every byte both sides send. */
function expectHandshakeBytes(vector: HandshakeVector): void {
  const { client, server } = endsOf(vector)
  const initiator = client()
  const act1 = initiator.start()
  expect(toHex(act1)).toBe(vector.act1)
  const answered = server().receive(act1, VALID_AT)
  expect(toHex(answered.reply!)).toBe(toHex(actTwo(vector)))
  const finished = initiator.receive(answered.reply!, VALID_AT)
  expect(finished.reply).toBeUndefined()
  expect(toHex(finished.done!.handshakeHash)).toBe(toHex(answered.done!.handshakeHash))
  if (vector.hFinal !== undefined) expect(toHex(finished.done!.handshakeHash)).toBe(vector.hFinal)
}

/** Sends the first frame of each direction of a vector and compares the bytes. */
function expectTransportBytes(vector: HandshakeVector): void {
  const { client, server } = securedPair(vector)
  const up = client.transport.seal([hex(vectors.frames.setupConnection)])
  expect(toHex(up)).toBe(vector.sealedSetupConnection)
  expect(server.transport.open(up).map(toHex)).toEqual([vectors.frames.setupConnection])
  const down = server.transport.seal([hex(vectors.frames.setupConnectionSuccess)])
  expect(toHex(down)).toBe(vector.sealedSetupConnectionSuccess)
  expect(client.transport.open(down).map(toHex)).toEqual([vectors.frames.setupConnectionSuccess])
}

test.each(drafts)('SEC-08 (draft): both sides send the bytes of $id', expectHandshakeBytes)

test.each(currents)(
  'SEC-09, SEC-14, SEC-16 (current): both sides send the bytes of $id',
  expectHandshakeBytes,
)

test.each(drafts)('SEC-10 (draft): the first frames of $id seal and open to its bytes', expectTransportBytes)

test.each(currents)(
  'SEC-11, SEC-13 (current): the first frames of $id seal and open to its bytes',
  expectTransportBytes,
)

test.each(currents)('SEC-16 (current): the shared secrets of $id are the same from either side', (vector) => {
  const { suite } = endsOf(vector)
  const draw = queued()
  const clientE = suite.keyPair(hex(vector.clientEphemeralSecret), draw)
  const serverE = suite.keyPair(hex(vector.serverEphemeralSecret), draw)
  const serverS = suite.keyPair(hex(vector.serverStaticSecret), draw)
  expect(toHex(suite.dh(clientE, serverE, 'initiator'))).toBe(vector.ecdhEe)
  expect(toHex(suite.dh(serverE, clientE, 'responder'))).toBe(vector.ecdhEe)
  expect(toHex(suite.dh(clientE, serverS, 'initiator'))).toBe(vector.ecdhEs)
  expect(toHex(suite.dh(serverS, clientE, 'responder'))).toBe(vector.ecdhEs)
})

describe.each(vectors.handshakes)('handshake vector $id', (vector) => {
  test('the transcript hash after act 1 is the vector’s', () => {
    const { suite } = endsOf(vector)
    const settings = { suite, role: 'responder', prologue: new Uint8Array(0), staticPair: undefined } as const
    const handshake = new Handshake(settings, () => new Uint8Array(0))
    handshake.read(hex(vector.clientEphemeral))
    expect(toHex(handshake.handshakeHash)).toBe(vector.hAfterAct1)
  })

  test('the transport keys are the vector’s', () => {
    const { client } = securedPair(vector)
    const aead = nobleBackend.chacha20Poly1305(hex(vector.keyFromClient))
    const sealed = client.transport.seal([hex(vectors.frames.setupConnectionSuccess)])
    const first = vector.edition === 'draft' ? sealed.subarray(2) : sealed.subarray(0, 22)
    expect(aead.open(new Uint8Array(12), new Uint8Array(0), first, new Uint8Array(first.length - 16))).toBe(
      true,
    )
  })
})
