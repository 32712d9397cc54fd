import { type CertificateStyle, encodeCertificate, TEXT_STYLE } from './certificate.ts'
import type { Edition } from './edition.ts'
import { suiteOf } from './edition-suite.ts'
import { NoiseError } from './errors.ts'
import { Handshake } from './handshake.ts'
import { HandshakeReader, requireLength, withPrefix } from './handshake-reader.ts'
import { choosePrelude, encodePreludeAnswer, MAX_PRELUDE_BYTES, type PreludeChoice } from './prelude.ts'
import { type HandshakeStep, type NoiseDeps, transportOf, WAITING } from './secured.ts'
import type { ServerIdentity } from './server-identity.ts'
import type { CipherName } from './suites/x25519-blake2s.ts'

/** How a server secures a connection. */
export interface ResponderSettings {
  readonly edition: Edition
  readonly identity: ServerIdentity
  /** The largest payload accepted from the client; U24 maximum unless said otherwise. */
  readonly maxPayloadBytes?: number
  /** Draft only: how the certificate is shown; as the documents say it when missing. */
  readonly certificate?: CertificateStyle
  /** The same for clients that come with a prelude; as for all others when missing. */
  readonly preludeCertificate?: CertificateStyle
  /** Draft only: ciphers accepted in the prelude of 2022, best first. Without it a prelude is refused. */
  readonly prelude?: readonly CipherName[]
}

/** The server's side of a handshake. Feed it what the socket gives, cut anywhere, until `done`. */
export interface Responder {
  /**
   * Takes the next bytes from the client. `unixSeconds` is the wall clock, for the certificate's validity.
   * With `done` comes the last `reply`, to be sent before anything sealed.
   * @throws {NoiseError} any code: close the connection
   */
  receive(chunk: Uint8Array, unixSeconds: number): HandshakeStep
}

const FRAMED_ACT_1_BYTES = 64
const PREFIXED_ACT_1_BYTES = 32
const NO_PRELUDE: PreludeChoice = { cipher: 'ChaChaPoly', prologue: new Uint8Array(0) }

/** Starts a server handshake. @throws {RangeError} for settings that contradict each other */
export function createResponder(settings: ResponderSettings, deps: NoiseDeps): Responder {
  const { edition, prelude, certificate } = settings
  if (edition === 'current' && (prelude !== undefined || certificate !== undefined)) {
    throw new RangeError('the current edition has neither a prelude nor more than one kind of certificate')
  }
  return new NxResponder(settings, deps)
}

class NxResponder implements Responder {
  readonly #settings: ResponderSettings
  readonly #deps: NoiseDeps
  readonly #reader = new HandshakeReader()
  #prelude: PreludeChoice | undefined

  constructor(settings: ResponderSettings, deps: NoiseDeps) {
    this.#settings = settings
    this.#deps = deps
    this.#prelude = undefined
  }

  receive(chunk: Uint8Array, unixSeconds: number): HandshakeStep {
    this.#reader.push(chunk)
    if (this.#settings.edition === 'current') {
      const message = this.#reader.fixed(FRAMED_ACT_1_BYTES)
      return message === undefined ? WAITING : this.#answer(message, unixSeconds)
    }
    const message = this.#reader.prefixed((length) => this.#checkLength(length))
    if (message === undefined) return WAITING
    return message.length === PREFIXED_ACT_1_BYTES
      ? this.#answer(message, unixSeconds)
      : this.#choose(message, unixSeconds)
  }

  #checkLength(length: number): void {
    if (length === PREFIXED_ACT_1_BYTES) return
    // 5 + 4n, so never 32: the length alone tells a prelude from act 1.
    const couldBePrelude = length >= 9 && length <= MAX_PRELUDE_BYTES && length % 4 === 1
    if (!couldBePrelude || this.#prelude !== undefined) requireLength(length, [PREFIXED_ACT_1_BYTES], 'act 1')
    if (this.#settings.prelude === undefined) {
      throw new NoiseError('prelude-refused', 'the client asks for a prelude, which is not switched on here')
    }
  }

  #choose(request: Uint8Array, unixSeconds: number): HandshakeStep {
    this.#prelude = choosePrelude(request, this.#settings.prelude ?? [])
    const answer = withPrefix(encodePreludeAnswer(this.#prelude.cipher))
    // A client that does not wait for the answer has act 1 in the same chunk.
    const next = this.receive(this.#reader.takeRest(), unixSeconds)
    if (next.reply === undefined) return { reply: answer, done: undefined }
    const reply = new Uint8Array(answer.length + next.reply.length)
    reply.set(answer, 0)
    reply.set(next.reply, answer.length)
    return { reply, done: next.done }
  }

  #answer(message: Uint8Array, unixSeconds: number): HandshakeStep {
    const { edition, identity, certificate, preludeCertificate, maxPayloadBytes } = this.#settings
    const style = (this.#prelude === undefined ? undefined : preludeCertificate) ?? certificate ?? TEXT_STYLE
    const { backend, randomBytes } = this.#deps
    const { cipher, prologue } = this.#prelude ?? NO_PRELUDE
    const suite = suiteOf(edition, backend, cipher)
    const handshake = new Handshake(
      { suite, role: 'responder', prologue, staticPair: identity.staticPair },
      randomBytes,
    )
    handshake.read(message)
    const shown = identity.certificateAt(unixSeconds, style.form)
    const reply = handshake.write(encodeCertificate(shown, style.variant))
    const keys = handshake.finish()
    const done = {
      transport: transportOf(edition, keys, maxPayloadBytes),
      rest: this.#reader.takeRest(),
      handshakeHash: keys.handshakeHash,
      certificate: undefined,
      serverKey: undefined,
    }
    return { reply: edition === 'draft' ? withPrefix(reply) : reply, done }
  }
}
