import { describe, expect, test } from 'vitest'
import { aFrame, hex, ownVectors, queued, styleOf, toHex, VALID_AT } from './_fixtures.ts'
import { type CertificateForm, decodeCertificate, type SignatureVariant } from './certificate.ts'
import type { Edition } from './edition.ts'
import { suiteOf } from './edition-suite.ts'
import { createInitiator } from './initiator.ts'
import { nobleBackend } from './noble-backend.ts'
import { createResponder } from './responder.ts'
import { fixedIdentity } from './server-identity.ts'
import type { CipherName } from './suites/x25519-blake2s.ts'
import type { Transport } from './transport.ts'

interface Session {
  readonly id: string
  readonly edition: Edition
  readonly signatureVariant: SignatureVariant
  readonly certificateForm: CertificateForm
  readonly prelude?: { readonly offered: readonly CipherName[]; readonly accepted: readonly CipherName[] }
  readonly authorityKey: string
  readonly serverStatic: { readonly secret: string; readonly wire: string; readonly key: string }
  readonly certificateMessage: string
  readonly clientRandom: readonly string[]
  readonly serverRandom: readonly string[]
  readonly flights: readonly string[]
  readonly handshakeHash: string
  readonly writes: readonly {
    readonly from: 'client' | 'server'
    readonly payloads: readonly number[]
    readonly sealed: { readonly hex: string } | { readonly bytes: number; readonly sha256: string }
  }[]
}

const { sessions } = ownVectors<{ readonly sessions: readonly Session[] }>('noise-sessions.json')

describe.each(sessions)('recorded session: $id', (session) => {
  test('both sides send the recorded flights and writes, and read each other', () => {
    const ends = endsOf(session)
    const flights: string[] = []
    const transports: { client?: Transport; server?: Transport } = {}
    let flight: Uint8Array | undefined = ends.client.start()
    while (flight !== undefined) {
      flights.push(toHex(flight))
      const answered = ends.server.receive(flight, VALID_AT)
      flights.push(toHex(answered.reply!))
      if (answered.done) transports.server = answered.done.transport
      const step = ends.client.receive(answered.reply!, VALID_AT)
      if (step.done) {
        transports.client = step.done.transport
        expect(toHex(step.done.handshakeHash)).toBe(session.handshakeHash)
      }
      flight = step.reply
    }
    expect(flights).toEqual(session.flights)
    for (const write of session.writes) replay(write, transports as Required<typeof transports>)
  })
})

function replay(write: Session['writes'][number], ends: { client: Transport; server: Transport }): void {
  const frames = write.payloads.map((bytes, index) => aFrame(index + 1, bytes))
  const sealed = ends[write.from].seal(frames)
  expect(
    'hex' in write.sealed
      ? { hex: toHex(sealed) }
      : { bytes: sealed.length, sha256: toHex(nobleBackend.sha256(sealed)) },
  ).toEqual(write.sealed)
  const opened = ends[write.from === 'client' ? 'server' : 'client'].open(sealed)
  expect(digest(opened)).toBe(digest(frames))
}

function endsOf(session: Session) {
  const { edition, prelude, serverStatic } = session
  const suite = suiteOf(edition, nobleBackend)
  const staticPair = { secret: hex(serverStatic.secret), ...suite.publicKey(hex(serverStatic.wire)) }
  const identity = fixedIdentity(staticPair, decodeCertificate(hex(session.certificateMessage)))
  return {
    client: createInitiator(
      { edition, authorityKey: hex(session.authorityKey), ...(prelude && { prelude: prelude.offered }) },
      { backend: nobleBackend, randomBytes: queued(...session.clientRandom.map(hex)) },
    ),
    server: createResponder(
      { edition, identity, ...styleOf(session), ...(prelude && { prelude: prelude.accepted }) },
      { backend: nobleBackend, randomBytes: queued(...session.serverRandom.map(hex)) },
    ),
  }
}

/** One hash for a list of byte strings, as a stream. */
function digest(parts: readonly Uint8Array[]): string {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return toHex(nobleBackend.sha256(whole))
}
