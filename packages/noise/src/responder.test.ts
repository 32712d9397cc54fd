import { describe, expect, test } from 'vitest'
import { actTwo, concat, endsOf, hex, seeded, toHex, VALID_AT, vectors } from './_fixtures.ts'
import { NoiseError } from './errors.ts'
import { createInitiator } from './initiator.ts'
import { nobleBackend } from './noble-backend.ts'
import { createResponder } from './responder.ts'
import type { CipherName } from './suites/x25519-blake2s.ts'

const draft = vectors.handshakes[0]!
const current = vectors.handshakes[2]!

describe.each(vectors.handshakes)('a server, vector $id', (vector) => {
  const act1 = hex(vector.act1)

  test('answers the same however act 1 is cut, and hands on what follows', () => {
    for (let cut = 0; cut <= act1.length; cut += 7) {
      const server = endsOf(vector).server()
      expect(server.receive(act1.subarray(0, cut), VALID_AT)).toEqual({ reply: undefined, done: undefined })
      const step = server.receive(concat(act1.subarray(cut), hex('aabb')), VALID_AT)
      expect(toHex(step.reply!)).toBe(toHex(actTwo(vector)))
      expect(toHex(step.done!.rest)).toBe('aabb')
      expect([step.done!.certificate, step.done!.serverKey]).toEqual([undefined, undefined])
    }
  })

  test('waits byte by byte for the whole of act 1', () => {
    const server = endsOf(vector).server()
    for (const byte of act1.subarray(0, -1)) {
      expect(server.receive(Uint8Array.of(byte), VALID_AT).reply).toBeUndefined()
    }
    expect(server.receive(act1.subarray(-1), VALID_AT).reply).toBeDefined()
  })
})

test('SEC-05 (current, draft): a client refuses the answer to any altered act 1', () => {
  for (const vector of [draft, current]) {
    const act1 = hex(vector.act1)
    for (let at = vector.edition === 'draft' ? 2 : 0; at < act1.length; at += 9) {
      const { client, server } = endsOf(vector)
      const initiator = client()
      initiator.start()
      const altered = act1.slice()
      altered[at]! ^= 1
      const { reply } = server().receive(altered, VALID_AT)
      expect(() => initiator.receive(reply!, VALID_AT)).toThrow(/bad-mac/)
    }
  }
})

test('SEC-08 (draft): an act 1 of another length is refused as soon as its prefix is there', () => {
  for (const length of [0, 1, 31, 34, 64, 8, 10, 1024, 1026, 65_535]) {
    const server = endsOf(draft).server()
    expect(() => server.receive(Uint8Array.of(length & 0xff, length >>> 8), VALID_AT)).toThrow(/bad-length/)
  }
})

test('what follows the handshake survives when the socket uses its buffer again', () => {
  const chunk = Buffer.from(concat(hex(current.act1), hex('0102')))
  const done = endsOf(current).server().receive(chunk, VALID_AT).done!
  chunk.fill(0xff)
  expect(toHex(done.rest)).toBe('0102')
})

describe('the prelude of 2022', () => {
  const request = hex(vectors.preludes[0]!.request)

  function withPrelude(offered: readonly CipherName[], accepted: readonly CipherName[] | undefined) {
    const { identity, authorityKey } = endsOf(draft)
    const client = createInitiator(
      { edition: 'draft', authorityKey, prelude: offered },
      { backend: nobleBackend, randomBytes: seeded(1) },
    )
    const server = createResponder(
      { edition: 'draft', identity, ...(accepted && { prelude: accepted }) },
      { backend: nobleBackend, randomBytes: seeded(2) },
    )
    return { client, server }
  }

  test.each(['AESGCM', 'ChaChaPoly'] as const)('agrees on %s and ends in a working transport', (cipher) => {
    const { client, server } = withPrelude(['AESGCM', 'ChaChaPoly'], [cipher])
    const answer = server.receive(client.start(), VALID_AT)
    expect(answer.done).toBeUndefined()
    expect(toHex(answer.reply!)).toBe(cipher === 'AESGCM' ? '040041455347' : '040043484348')
    const act1 = client.receive(answer.reply!, VALID_AT).reply!
    const answered = server.receive(act1, VALID_AT)
    const done = client.receive(answered.reply!, VALID_AT).done!
    const frame = hex('000001060000020000000000')
    expect(toHex(answered.done!.transport.open(done.transport.seal([frame]))[0]!)).toBe(toHex(frame))
  })

  test('sends the published bytes and takes them cut anywhere', () => {
    for (let cut = 0; cut < request.length; cut += 1) {
      const { client, server } = withPrelude(['AESGCM'], ['ChaChaPoly', 'AESGCM'])
      expect(toHex(client.start())).toBe(toHex(request))
      expect(server.receive(request.subarray(0, cut), VALID_AT).reply).toBeUndefined()
      const { reply } = server.receive(request.subarray(cut), VALID_AT)
      expect(toHex(reply!)).toBe(vectors.preludes[0]!.answer)
    }
  })

  test('takes request and act 1 in one chunk', () => {
    const { client, server } = withPrelude(['AESGCM'], ['AESGCM'])
    client.start()
    const act1 = client.receive(hex(vectors.preludes[0]!.answer), VALID_AT).reply!
    const step = server.receive(concat(request, act1), VALID_AT)
    expect(toHex(step.reply!.subarray(0, 6))).toBe(vectors.preludes[0]!.answer)
    expect(client.receive(step.reply!.subarray(6), VALID_AT).done).toBeDefined()
  })

  test('passes over codes it does not know', () => {
    const { server } = withPrelude(['AESGCM'], ['AESGCM'])
    const { reply } = server.receive(hex('0d0053545233020102030441455347'), VALID_AT)
    expect(toHex(reply!)).toBe('040041455347')
  })

  test.each([
    ['prelude-refused', undefined, toHex(request)],
    ['prelude-no-common-cipher', ['ChaChaPoly'], toHex(request)],
    ['prelude-no-common-cipher', ['ChaChaPoly'], '0900535452330161626364'],
    ['prelude-magic', ['AESGCM'], '0900535452340141455347'],
    ['bad-length', ['AESGCM'], '0900535452330241455347'],
    ['bad-length', ['AESGCM'], '05005354523300'],
    ['bad-length', ['AESGCM'], `${toHex(request)}${toHex(request)}`],
  ] as const)('is refused with %s by a server that accepts %j', (code, accepted, bytes) => {
    const { server } = withPrelude(['AESGCM'], accepted)
    const refused = () => server.receive(hex(bytes), VALID_AT)
    expect(refused).toThrow(NoiseError)
    expect(() => withPrelude(['AESGCM'], accepted).server.receive(hex(bytes), VALID_AT)).toThrow(code)
  })

  test.each([
    ['bad-length', '0500'],
    ['prelude-bad-choice', '040043484348'],
    ['prelude-bad-choice', '040000000000'],
  ])('ends with %s when the server answers %s', (code, bytes) => {
    const { client } = withPrelude(['AESGCM'], undefined)
    client.start()
    expect(() => client.receive(hex(bytes), VALID_AT)).toThrow(code)
  })

  test('is the prologue of the handshake: a client that mixed in another list is refused', () => {
    const { client, server } = withPrelude(['AESGCM'], ['AESGCM'])
    client.start()
    const answer = server.receive(hex('0d0053545233020102030441455347'), VALID_AT)
    const act1 = client.receive(answer.reply!, VALID_AT).reply!
    const { reply } = server.receive(act1, VALID_AT)
    expect(() => client.receive(reply!, VALID_AT)).toThrow(/bad-mac/)
  })
})

test('settings that contradict each other are our own mistake', () => {
  const { identity } = endsOf(current)
  const deps = { backend: nobleBackend, randomBytes: seeded(1) }
  expect(() => createResponder({ edition: 'current', identity, prelude: ['AESGCM'] }, deps)).toThrow(
    RangeError,
  )
  const certificate = { form: 'text', variant: 'prefixed' } as const
  expect(() => createResponder({ edition: 'current', identity, certificate }, deps)).toThrow(RangeError)
})
