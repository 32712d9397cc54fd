import {
  type Certificate,
  type CertificateForm,
  decodeCertificate,
  verifyCertificate,
} from './certificate.ts'
import type { Edition } from './edition.ts'
import { certificatesOf, suiteOf } from './edition-suite.ts'
import { Handshake } from './handshake.ts'
import { HandshakeReader, requireLength, withPrefix } from './handshake-reader.ts'
import { acceptPrelude, encodePreludeRequest, type PreludeChoice } from './prelude.ts'
import { type HandshakeStep, type NoiseDeps, type Secured, transportOf, WAITING } from './secured.ts'
import type { CipherName } from './suites/x25519-blake2s.ts'

/** How a client secures a connection. */
export interface InitiatorSettings {
  readonly edition: Edition
  /** The authority key of the server's URL, 32 bytes. Undefined: any server is believed. */
  readonly authorityKey: Uint8Array | undefined
  /** How far the clocks may be apart; 600 unless said otherwise. */
  readonly clockToleranceSeconds?: number
  /** The largest payload accepted from the server; U24 maximum unless said otherwise. */
  readonly maxPayloadBytes?: number
  /** Draft only: ciphers to offer in the prelude of 2022, best first. Without it there is no prelude. */
  readonly prelude?: readonly CipherName[]
}

/** The client's side of a handshake. Feed it what the socket gives, cut anywhere, until `done`. */
export interface Initiator {
  /** The first bytes to send: call once, before `receive`. */
  start(): Uint8Array
  /**
   * Takes the next bytes from the server. `unixSeconds` is the wall clock, for the certificate.
   * @throws {NoiseError} any code: close the connection
   */
  receive(chunk: Uint8Array, unixSeconds: number): HandshakeStep
}

/**
 * SEC-07 with the drift that machines at home really have; seconds of it were the top complaint elsewhere.
 */
const CLOCK_TOLERANCE_SECONDS = 600
const FRAMED_ACT_2_BYTES = 234
/** Without prefix: SIGNATURE bare, or behind its own length (docs/wire.md O-01). */
const PREFIXED_ACT_2_BYTES = [170, 172]
const NO_PROLOGUE: PreludeChoice = { cipher: 'ChaChaPoly', prologue: new Uint8Array(0) }

/** Starts a client handshake. @throws {RangeError} for settings that contradict each other */
export function createInitiator(settings: InitiatorSettings, deps: NoiseDeps): Initiator {
  if (settings.authorityKey !== undefined && settings.authorityKey.length !== 32) {
    throw new RangeError(`an authority key has 32 bytes, not ${settings.authorityKey.length}`)
  }
  if (settings.prelude !== undefined && settings.edition === 'current') {
    throw new RangeError('the current edition has no prelude')
  }
  return new NxInitiator(settings, deps)
}

class NxInitiator implements Initiator {
  readonly #settings: InitiatorSettings
  readonly #deps: NoiseDeps
  readonly #reader = new HandshakeReader()
  /** Undefined while the prelude's answer is awaited: the prologue is not known before. */
  #handshake: Handshake | undefined

  constructor(settings: InitiatorSettings, deps: NoiseDeps) {
    this.#settings = settings
    this.#deps = deps
    this.#handshake = undefined
  }

  start(): Uint8Array {
    const { prelude } = this.#settings
    return prelude === undefined ? this.#actOne(NO_PROLOGUE) : withPrefix(encodePreludeRequest(prelude))
  }

  receive(chunk: Uint8Array, unixSeconds: number): HandshakeStep {
    this.#reader.push(chunk)
    if (this.#handshake !== undefined) return this.#actTwo(this.#handshake, unixSeconds)
    const answer = this.#reader.prefixed((length) => requireLength(length, [4], 'the prelude answer'))
    if (answer === undefined) return WAITING
    return { reply: this.#actOne(acceptPrelude(answer, this.#settings.prelude ?? [])), done: undefined }
  }

  #actOne(choice: PreludeChoice): Uint8Array {
    const { edition } = this.#settings
    const { backend, randomBytes } = this.#deps
    this.#handshake = new Handshake(
      {
        suite: suiteOf(edition, backend, choice.cipher),
        role: 'initiator',
        prologue: choice.prologue,
        staticPair: undefined,
      },
      randomBytes,
    )
    const message = this.#handshake.write(new Uint8Array(0))
    return edition === 'draft' ? withPrefix(message) : message
  }

  #actTwo(handshake: Handshake, unixSeconds: number): HandshakeStep {
    const { edition, maxPayloadBytes } = this.#settings
    const message =
      edition === 'draft'
        ? this.#reader.prefixed((length) => requireLength(length, PREFIXED_ACT_2_BYTES, 'act 2'))
        : this.#reader.fixed(FRAMED_ACT_2_BYTES)
    if (message === undefined) return WAITING
    const certificate = decodeCertificate(handshake.read(message))
    const keys = handshake.finish()
    const serverKey = keys.remoteStatic!.key
    this.#verify(certificate, serverKey, unixSeconds)
    const done: Secured = {
      transport: transportOf(edition, keys, maxPayloadBytes),
      rest: this.#reader.takeRest(),
      handshakeHash: keys.handshakeHash,
      certificate,
      serverKey,
    }
    return { reply: undefined, done }
  }

  #verify(certificate: Certificate, serverKey: Uint8Array, unixSeconds: number): void {
    const { edition, authorityKey, clockToleranceSeconds } = this.#settings
    if (authorityKey === undefined) return
    const forms: readonly CertificateForm[] = edition === 'draft' ? ['text', 'deployed'] : ['text']
    const policy = {
      scheme: certificatesOf(edition, this.#deps.backend),
      forms,
      clockToleranceSeconds: clockToleranceSeconds ?? CLOCK_TOLERANCE_SECONDS,
    }
    verifyCertificate(certificate, { serverKey, authorityKey }, policy, unixSeconds)
  }
}
