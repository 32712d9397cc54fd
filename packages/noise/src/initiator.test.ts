import { describe, expect, test } from 'vitest'
import { actTwo, concat, endsOf, hex, queued, seeded, toHex, VALID_AT, vectors } from './_fixtures.ts'
import { signCertificate } from './certificate.ts'
import { certificatesOf, suiteOf } from './edition-suite.ts'
import { createInitiator } from './initiator.ts'
import { makeAuthorityKeyPair, makeKeyPair } from './keys.ts'
import { nobleBackend } from './noble-backend.ts'
import { createResponder } from './responder.ts'
import { fixedIdentity } from './server-identity.ts'

const START = 1_661_358_236
const END = 2_006_958_236
const byId = (id: string) => vectors.handshakes.find((vector) => vector.id === id)!
const draft = byId('A.1')
const prefixed = byId('A.1 prefixed')
const current = byId('A.3')
const all = [draft, prefixed, current]

/** The error a client throws on these bytes; undefined when it takes them. */
function refusal(vector: typeof draft, bytes: Uint8Array, unixSeconds = VALID_AT): unknown {
  const client = endsOf(vector).client()
  client.start()
  try {
    client.receive(bytes, unixSeconds)
    return undefined
  } catch (error) {
    return error
  }
}

describe.each(all)('a client, vector $id', (vector) => {
  const answer = actTwo(vector)

  test('finishes at the same byte however the answer is cut, and hands on what follows', () => {
    const following = hex('0a0b0c')
    for (let cut = 0; cut <= answer.length; cut += 13) {
      const client = endsOf(vector).client()
      client.start()
      const first = client.receive(answer.subarray(0, cut), VALID_AT)
      expect(first.done === undefined).toBe(cut < answer.length)
      const rest = concat(answer.subarray(cut), following)
      const done = first.done ?? client.receive(rest, VALID_AT).done
      expect(toHex(done!.rest)).toBe(cut === answer.length ? '' : '0a0b0c')
    }
  })

  test('waits on every truncation and never completes', () => {
    const client = endsOf(vector).client()
    client.start()
    for (const byte of answer.subarray(0, -1)) {
      expect(client.receive(Uint8Array.of(byte), VALID_AT)).toEqual({ reply: undefined, done: undefined })
    }
    expect(client.receive(answer.subarray(-1), VALID_AT).done).toBeDefined()
  })

  test('tells the certificate and the server’s key', () => {
    const client = endsOf(vector).client()
    client.start()
    const done = client.receive(answer, VALID_AT).done!
    expect(done.certificate).toMatchObject({ version: 0, validFrom: START, notValidAfter: END })
    expect(toHex(done.serverKey!)).toBe(vector.serverStaticXOnly ?? vector.serverStatic)
  })
})

test('SEC-05 (draft): every single flipped byte of act 2 is refused', () => {
  for (const vector of [draft, prefixed]) {
    const answer = actTwo(vector)
    for (let at = 0; at < answer.length; at += 1) {
      const forged = answer.slice()
      forged[at]! ^= 1
      expect(refusal(vector, forged), `byte ${at}`).toMatchObject({ code: at < 2 ? 'bad-length' : 'bad-mac' })
    }
  }
})

test('SEC-05 (current): every single flipped byte of act 2 is refused', () => {
  const answer = actTwo(current)
  for (let at = 0; at < answer.length; at += 1) {
    const forged = answer.slice()
    forged[at]! ^= 1
    expect(refusal(current, forged), `byte ${at}`).toMatchObject({ code: 'bad-mac' })
  }
})

test('SEC-08 (draft): act 1 has 34 bytes on the wire; act 2 has 172, and 174 is accepted', () => {
  expect(endsOf(draft).client().start().length).toBe(34)
  expect(actTwo(draft).length).toBe(172)
  expect(refusal(draft, actTwo(draft))).toBeUndefined()
  expect(actTwo(prefixed).length).toBe(174)
  expect(refusal(prefixed, actTwo(prefixed))).toBeUndefined()
})

test('SEC-08 (draft): any other length of act 2 is refused as soon as the prefix is there', () => {
  for (const length of [0, 1, 32, 169, 171, 173, 234, 65_535]) {
    expect(refusal(draft, Uint8Array.of(length & 0xff, length >>> 8))).toMatchObject({ code: 'bad-length' })
  }
})

test('SEC-09 (current): act 1 has 64 bytes and act 2 234', () => {
  expect(endsOf(current).client().start().length).toBe(64)
  expect(actTwo(current).length).toBe(234)
  expect(refusal(current, actTwo(current))).toBeUndefined()
})

describe('certificates', () => {
  test('SEC-06 (current, draft): a certificate of another authority is refused', () => {
    for (const vector of [draft, current]) {
      const { backend } = endsOf(vector)
      const other = makeAuthorityKeyPair(certificatesOf(vector.edition, backend), seeded(5))
      const client = createInitiator(
        { edition: vector.edition, authorityKey: other.publicKey },
        { backend, randomBytes: queued(hex(vector.clientEphemeralSecret)) },
      )
      client.start()
      expect(() => client.receive(actTwo(vector), VALID_AT)).toThrow(/bad-certificate-signature/)
    }
  })

  test('SEC-06 (current, draft): a certificate for another server’s key is refused', () => {
    for (const edition of ['current', 'draft'] as const) {
      expect(() => handshakeWith(edition, { wrongKey: true })).toThrow(/bad-certificate-signature/)
    }
  })

  test('SEC-07 (current, draft): validity is inclusive, and the clocks may be apart by the tolerance', () => {
    for (const vector of [draft, current]) {
      const at = (unixSeconds: number, clockToleranceSeconds: number) => {
        const client = endsOf(vector).client({ clockToleranceSeconds })
        client.start()
        return client.receive(actTwo(vector), unixSeconds)
      }
      expect(at(START, 0).done).toBeDefined()
      expect(at(END, 0).done).toBeDefined()
      expect(at(START - 10, 10).done).toBeDefined()
      expect(at(END + 10, 10).done).toBeDefined()
      expect(() => at(START - 1, 0)).toThrow(/certificate-not-yet-valid/)
      expect(() => at(END + 1, 0)).toThrow(/certificate-expired/)
      expect(() => at(START - 11, 10)).toThrow(/certificate-not-yet-valid/)
      expect(() => at(END + 11, 10)).toThrow(/certificate-expired/)
    }
  })

  test('SEC-07 (current, draft): ten minutes are tolerated by default, and the error tells how far the clock is off', () => {
    for (const vector of [draft, current]) {
      expect(refusal(vector, actTwo(vector), START - 600)).toBeUndefined()
      const early = refusal(vector, actTwo(vector), START - 601)
      expect(early).toMatchObject({ code: 'certificate-not-yet-valid', clockDifferenceSeconds: -601 })
      expect(String(early)).toContain('601 s before')
      const late = refusal(vector, actTwo(vector), END + 7000)
      expect(late).toMatchObject({ code: 'certificate-expired', clockDifferenceSeconds: 7000 })
      expect(String(late)).toContain('7000 s after')
    }
  })

  test('a version other than 0 is refused', () => {
    for (const edition of ['current', 'draft'] as const) {
      expect(() => handshakeWith(edition, { version: 1 })).toThrow(/certificate-version/)
    }
  })

  test('without an authority key nothing of the certificate is checked', () => {
    for (const edition of ['current', 'draft'] as const) {
      const done = handshakeWith(edition, { wrongKey: true, version: 9, trustAnyone: true })
      expect(done.certificate?.version).toBe(9)
    }
  })

  test('the deployed form of 78 signed bytes is accepted in the draft and refused in the current edition', () => {
    expect(handshakeWith('draft', { form: 'deployed' }).certificate).toBeDefined()
    expect(() => handshakeWith('current', { form: 'deployed' })).toThrow(/bad-certificate-signature/)
  })
})

test('settings that contradict each other are our own mistake', () => {
  const deps = { backend: nobleBackend, randomBytes: seeded(1) }
  const prelude = ['ChaChaPoly'] as const
  expect(() => createInitiator({ edition: 'current', authorityKey: undefined, prelude }, deps)).toThrow(
    RangeError,
  )
  expect(() => createInitiator({ edition: 'draft', authorityKey: new Uint8Array(33) }, deps)).toThrow(
    RangeError,
  )
})

interface Variation {
  readonly wrongKey?: true
  readonly trustAnyone?: true
  readonly version?: number
  readonly form?: 'text' | 'deployed'
}

function handshakeWith(edition: 'current' | 'draft', variation: Variation) {
  const suite = suiteOf(edition, nobleBackend)
  const scheme = certificatesOf(edition, nobleBackend)
  const authority = makeAuthorityKeyPair(scheme, seeded(11))
  const staticPair = makeKeyPair(suite, seeded(12))
  const certified = variation.wrongKey ? makeKeyPair(suite, seeded(13)) : staticPair
  const certificate = signCertificate(
    { version: variation.version ?? 0, validFrom: START, notValidAfter: END },
    { scheme, authoritySecret: authority.secret, serverKey: certified.key, form: variation.form ?? 'text' },
    seeded(14),
  )
  const client = createInitiator(
    { edition, authorityKey: variation.trustAnyone ? undefined : authority.publicKey },
    { backend: nobleBackend, randomBytes: seeded(15) },
  )
  const server = createResponder(
    { edition, identity: fixedIdentity(staticPair, certificate) },
    { backend: nobleBackend, randomBytes: seeded(16) },
  )
  const { reply } = server.receive(client.start(), VALID_AT)
  return client.receive(reply!, VALID_AT).done!
}
