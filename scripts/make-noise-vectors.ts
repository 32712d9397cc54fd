// Writes vectors/noise-sessions.json: whole secured sessions of both editions, deterministic, from the noble
// reference. Run: npx tsx --conditions=@sv2/source scripts/make-noise-vectors.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type CertificateForm,
  type CipherName,
  certificatesOf,
  createInitiator,
  createResponder,
  type Edition,
  encodeCertificate,
  fixedIdentity,
  makeKeyPair,
  nobleBackend,
  type RandomBytes,
  type SignatureVariant,
  signCertificate,
  suiteOf,
  type Transport,
} from '../packages/noise/src/index.ts'

interface Scenario {
  readonly id: string
  readonly edition: Edition
  readonly signatureVariant: SignatureVariant
  readonly certificateForm: CertificateForm
  readonly prelude?: { readonly offered: readonly CipherName[]; readonly accepted: readonly CipherName[] }
}

const SCENARIOS: readonly Scenario[] = [
  { id: 'current', edition: 'current', signatureVariant: 'plain', certificateForm: 'text' },
  { id: 'draft', edition: 'draft', signatureVariant: 'plain', certificateForm: 'text' },
  {
    id: 'draft, prefixed signature',
    edition: 'draft',
    signatureVariant: 'prefixed',
    certificateForm: 'text',
  },
  {
    id: 'draft, deployed certificate',
    edition: 'draft',
    signatureVariant: 'plain',
    certificateForm: 'deployed',
  },
  {
    id: 'draft, prelude for ChaChaPoly',
    edition: 'draft',
    signatureVariant: 'plain',
    certificateForm: 'text',
    prelude: { offered: ['AESGCM', 'ChaChaPoly'], accepted: ['ChaChaPoly', 'AESGCM'] },
  },
  {
    id: 'draft, prelude for AESGCM',
    edition: 'draft',
    signatureVariant: 'plain',
    certificateForm: 'deployed',
    prelude: { offered: ['AESGCM'], accepted: ['ChaChaPoly', 'AESGCM'] },
  },
]

/** Payload sizes of each write: one, several in one write, both sides of the block limit, several blocks. */
const WRITES = [
  { from: 'client', payloads: [24] },
  { from: 'server', payloads: [6] },
  { from: 'client', payloads: [0, 1, 24, 300] },
  { from: 'server', payloads: [65_512, 65_513, 65_514, 65_519, 65_520] },
  { from: 'client', payloads: [200_000, 24] },
] as const

const NOW = 1_700_000_000
const FIELDS = { version: 0, validFrom: 1_661_358_236, notValidAfter: 2_006_958_236 }
/** Longer results are given by their SHA-256. */
const LONGEST_HEX_BYTES = 1000

function makeSession(scenario: Scenario) {
  const { edition, signatureVariant, certificateForm, prelude } = scenario
  const draw = seeded(`${scenario.id}: keys`)
  const scheme = certificatesOf(edition, nobleBackend)
  const authoritySecret = draw(32)
  const authorityKey = scheme.authorityKey(authoritySecret)
  const staticPair = makeKeyPair(suiteOf(edition, nobleBackend), draw)
  const signing = { scheme, authoritySecret, serverKey: staticPair.key, form: certificateForm }
  const certificate = signCertificate(FIELDS, signing, draw)
  const clientRandom = recorded(seeded(`${scenario.id}: client`))
  const serverRandom = recorded(seeded(`${scenario.id}: server`))
  const client = createInitiator(
    { edition, authorityKey, ...(prelude && { prelude: prelude.offered }) },
    { backend: nobleBackend, randomBytes: clientRandom.randomBytes },
  )
  const server = createResponder(
    {
      edition,
      identity: fixedIdentity(staticPair, certificate),
      ...(edition === 'draft' && { certificate: { form: certificateForm, variant: signatureVariant } }),
      ...(prelude && { prelude: prelude.accepted }),
    },
    { backend: nobleBackend, randomBytes: serverRandom.randomBytes },
  )
  const flights: string[] = []
  let flight: Uint8Array | undefined = client.start()
  let clientDone: Transport | undefined
  let serverDone: Transport | undefined
  let handshakeHash = ''
  while (flight !== undefined) {
    flights.push(toHex(flight))
    const answered = server.receive(flight, NOW)
    flights.push(toHex(answered.reply!))
    serverDone = answered.done?.transport
    const step = client.receive(answered.reply!, NOW)
    clientDone = step.done?.transport
    if (step.done !== undefined) handshakeHash = toHex(step.done.handshakeHash)
    flight = step.reply
  }
  return {
    ...scenario,
    authoritySecret: toHex(authoritySecret),
    authorityKey: toHex(authorityKey),
    serverStatic: {
      secret: toHex(staticPair.secret),
      wire: toHex(staticPair.wire),
      key: toHex(staticPair.key),
    },
    certificateMessage: toHex(encodeCertificate(certificate, signatureVariant)),
    clientRandom: clientRandom.drawn,
    serverRandom: serverRandom.drawn,
    flights,
    handshakeHash,
    writes: WRITES.map(({ from, payloads }) => {
      const transport = from === 'client' ? clientDone! : serverDone!
      const sealed = transport.seal(payloads.map((bytes, index) => patternFrame(index + 1, bytes)))
      return { from, payloads, sealed: hexOrHash(sealed) }
    }),
  }
}

/** Extension 0, the given type; payload byte i is (type + 6 + i) mod 256. */
function patternFrame(messageType: number, payloadBytes: number): Uint8Array {
  const frame = Uint8Array.from({ length: 6 + payloadBytes }, (_, at) => messageType + at)
  frame.set([0, 0, messageType, payloadBytes & 0xff, (payloadBytes >>> 8) & 0xff, payloadBytes >>> 16], 0)
  return frame
}

function seeded(name: string): RandomBytes {
  let counter = 0
  return (length) => {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      counter += 1
      const block = nobleBackend.sha256(new TextEncoder().encode(`${name} ${counter}`))
      out.set(block.subarray(0, length - at), at)
    }
    return out
  }
}

function recorded(source: RandomBytes) {
  const drawn: string[] = []
  const randomBytes: RandomBytes = (length) => {
    const bytes = source(length)
    drawn.push(toHex(bytes))
    return bytes
  }
  return { drawn, randomBytes }
}

function hexOrHash(bytes: Uint8Array) {
  if (bytes.length <= LONGEST_HEX_BYTES) return { hex: toHex(bytes) }
  return { bytes: bytes.length, sha256: toHex(nobleBackend.sha256(bytes)) }
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const file = {
  source:
    'scripts/make-noise-vectors.ts of this project, from the noble reference backend; the handshake code is pinned by noise.json',
  format:
    'hex, lower case, wire order. clientRandom/serverRandom: what each side draws, in order. flights: client first, then in turn. writes: one seal() each; frame k (from 1) of a write has extension 0, type k and payload byte i = (k + 6 + i) mod 256; sealed is hex, or length and SHA-256. The certificates are valid at 1700000000.',
  sessions: SCENARIOS.map(makeSession),
}
writeFileSync(
  join(import.meta.dirname, '../vectors/noise-sessions.json'),
  `${JSON.stringify(file, undefined, 2)}\n`,
)
