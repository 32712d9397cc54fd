import { describe, expect, test } from 'vitest'
import { actTwo, endsOf, hex, securedPair, toHex, VALID_AT, vectors } from './_fixtures.ts'
import { Handshake } from './handshake.ts'
import { nobleBackend } from './noble-backend.ts'

const EDITION_IDS = { draft: 'SEC-08 (draft)', current: 'SEC-09, SEC-14, SEC-16 (current)' } as const
const TRANSPORT_IDS = { draft: 'SEC-10 (draft)', current: 'SEC-11 (current)' } as const

describe.each(vectors.handshakes)('handshake vector $id', (vector) => {
  test(`${EDITION_IDS[vector.edition]}: both sides send the vector's bytes`, () => {
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
  })

  test('the transcript hash after act 1 is the vector’s', () => {
    const { suite } = endsOf(vector)
    const settings = { suite, role: 'responder', prologue: new Uint8Array(0), staticPair: undefined } as const
    const handshake = new Handshake(settings, () => new Uint8Array(0))
    handshake.read(hex(vector.clientEphemeral))
    expect(toHex(handshake.handshakeHash)).toBe(vector.hAfterAct1)
  })

  test(`${TRANSPORT_IDS[vector.edition]}: the first frame of each direction seals and opens to the vector's bytes`, () => {
    const { client, server } = securedPair(vector)
    const setup = hex(vectors.frames.setupConnection)
    const success = hex(vectors.frames.setupConnectionSuccess)
    const up = client.transport.seal([setup])
    expect(toHex(up)).toBe(vector.sealedSetupConnection)
    expect(server.transport.open(up).map(toHex)).toEqual([vectors.frames.setupConnection])
    const down = server.transport.seal([success])
    expect(toHex(down)).toBe(vector.sealedSetupConnectionSuccess)
    expect(client.transport.open(down).map(toHex)).toEqual([vectors.frames.setupConnectionSuccess])
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
