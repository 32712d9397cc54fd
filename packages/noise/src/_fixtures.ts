import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Edition } from './edition.ts'
import { certificatesOf, suiteOf } from './edition-suite.ts'
import {
  type CryptoBackend,
  createInitiator,
  createResponder,
  nobleBackend,
  type RandomBytes,
} from './index.ts'
import type { Secured } from './secured.ts'
import { fixedIdentity } from './server-identity.ts'

const ROOT = join(import.meta.dirname, '../../..')
const PUBLIC_VECTORS = join(ROOT, '../shared/vectors')

export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** Our own vectors, in the repository. */
export function ownVectors<T>(name: string): T {
  return JSON.parse(readFileSync(join(ROOT, 'vectors', name), 'utf8')) as T
}

/** Public vectors beside the repository; undefined where they are not at hand. */
export function publicVectors<T>(name: string): T | undefined {
  const text = publicText(name)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

export function publicText(name: string): string | undefined {
  const path = join(PUBLIC_VECTORS, name)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/** A random source that gives what it is told to, in order, and refuses to give more. */
export function queued(...values: readonly Uint8Array[]): RandomBytes {
  const left = [...values]
  return (length) => {
    const next = left.shift()
    if (next?.length !== length) throw new Error(`a test asks for ${length} random bytes it did not provide`)
    return next
  }
}

/** A random source that repeats itself from run to run: SHA-256 of seed and counter. */
export function seeded(seed: number): RandomBytes {
  let counter = 0
  return (length) => {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      counter += 1
      const block = nobleBackend.sha256(Uint8Array.of(seed, counter & 0xff, counter >>> 8, counter >>> 16))
      out.set(block.subarray(0, length - at), at)
    }
    return out
  }
}

/** noble, with ElligatorSwift encodings looked up instead of drawn: encodings are random by nature. */
export function backendWithEncodings(encodings: readonly Uint8Array[]): CryptoBackend {
  const known = new Map(encodings.map((encoding) => [toHex(nobleBackend.ellswiftDecode(encoding)), encoding]))
  return {
    ...nobleBackend,
    ellswiftEncode: (x32) => known.get(toHex(x32)) ?? nobleBackend.ellswiftEncode(x32, seeded(1)),
  }
}

/** One handshake of vectors/noise.json. */
export interface HandshakeVector {
  readonly id: string
  readonly edition: Edition
  readonly signatureVariant: 'plain' | 'prefixed'
  readonly clientEphemeralSecret: string
  readonly serverEphemeralSecret: string
  readonly serverStaticSecret: string
  readonly authoritySecret: string
  readonly certificate: {
    readonly version: number
    readonly validFrom: number
    readonly notValidAfter: number
    readonly signedBytes: string
    readonly signature: string
  }
  readonly clientEphemeral: string
  readonly serverEphemeral: string
  readonly serverStatic: string
  readonly act1: string
  readonly hAfterAct1: string
  readonly act2Prefix: string
  readonly act2: string
  readonly hFinal?: string
  readonly ecdhEe?: string
  readonly ecdhEs?: string
  readonly serverStaticXOnly?: string
  readonly keyFromClient: string
  readonly keyFromServer: string
  readonly sealedSetupConnection: string
  readonly sealedSetupConnectionSuccess: string
}

export interface NoiseVectors {
  readonly frames: { readonly setupConnection: string; readonly setupConnectionSuccess: string }
  readonly handshakes: readonly HandshakeVector[]
  readonly certificates: readonly {
    readonly version: number
    readonly validFrom: number
    readonly notValidAfter: number
    readonly authorityKey: { readonly text: string; readonly hex: string }
    readonly authoritySecret: { readonly text: string; readonly hex: string }
    readonly serverStatic: { readonly text: string; readonly hex: string }
    readonly signedBytes: string
    readonly signature: string
  }[]
  readonly preludes: readonly { readonly request: string; readonly answer: string }[]
}

export const vectors = ownVectors<NoiseVectors>('noise.json')

/** Seconds at which the certificates of the vectors are valid. */
export const VALID_AT = 1_700_000_000

/** Both ends of a vector's handshake, with its randomness; nothing has been sent yet. */
export function endsOf(vector: HandshakeVector) {
  const backend = backendWithEncodings(
    vector.edition === 'current'
      ? [hex(vector.clientEphemeral), hex(vector.serverEphemeral), hex(vector.serverStatic)]
      : [],
  )
  const suite = suiteOf(vector.edition, backend)
  const scheme = certificatesOf(vector.edition, backend)
  const certificate = { ...vector.certificate, signature: hex(vector.certificate.signature) }
  const identity = fixedIdentity(suite.keyPair(hex(vector.serverStaticSecret), seeded(1)), certificate)
  const authorityKey = scheme.authorityKey(hex(vector.authoritySecret))
  const client = (settings: { readonly clockToleranceSeconds?: number } = {}) =>
    createInitiator(
      { edition: vector.edition, authorityKey, ...settings },
      { backend, randomBytes: queued(hex(vector.clientEphemeralSecret)) },
    )
  const server = () =>
    createResponder(
      { edition: vector.edition, identity, ...styleOf(vector) },
      { backend, randomBytes: queued(hex(vector.serverEphemeralSecret)) },
    )
  return { backend, suite, scheme, certificate, identity, authorityKey, client, server }
}

/** How a server shows its certificate as a vector has it; the current edition knows one way. */
export function styleOf({
  edition,
  signatureVariant,
}: Pick<HandshakeVector, 'edition' | 'signatureVariant'>) {
  return edition === 'current' ? {} : { certificate: { form: 'text' as const, variant: signatureVariant } }
}

/** A vector's whole act 2 as it is on the wire. */
export function actTwo(vector: HandshakeVector): Uint8Array {
  return hex(vector.act2Prefix + vector.act2)
}

/** Both ends of a finished handshake of a vector. */
export function securedPair(vector: HandshakeVector): { readonly client: Secured; readonly server: Secured } {
  const { client, server } = endsOf(vector)
  const initiator = client()
  const answered = server().receive(initiator.start(), VALID_AT)
  const finished = initiator.receive(answered.reply!, VALID_AT)
  return { client: finished.done!, server: answered.done! }
}

/** A frame of extension 0 with a payload of this length, its bytes counting up from the type. */
export function aFrame(messageType: number, payloadBytes: number): Uint8Array {
  const frame = new Uint8Array(6 + payloadBytes)
  frame[2] = messageType
  frame[3] = payloadBytes & 0xff
  frame[4] = (payloadBytes >>> 8) & 0xff
  frame[5] = payloadBytes >>> 16
  for (let at = 6; at < frame.length; at += 1) frame[at] = (messageType + at) & 0xff
  return frame
}
