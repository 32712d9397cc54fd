import type { CipherState } from './cipher-state.ts'
import type { RandomBytes } from './crypto-backend.ts'
import { NoiseError } from './errors.ts'
import { makeKeyPair } from './keys.ts'
import type { HandshakeRole, KeyPair, NoiseSuite, PublicKey } from './suite.ts'
import { SymmetricState } from './symmetric-state.ts'

type Token = 'e' | 's' | 'ee' | 'es'

// -> e
// <- e, ee, s, es      (Noise §7.5, NX: the responder alone shows a static key)
const NX: readonly (readonly Token[])[] = [['e'], ['e', 'ee', 's', 'es']]

/** What a handshake starts from. */
export interface HandshakeSettings {
  readonly suite: NoiseSuite
  readonly role: HandshakeRole
  /** Mixed into the transcript by both sides; empty but for the prelude of 2022. */
  readonly prologue: Uint8Array
  /** The responder's static pair; an initiator of NX has none. */
  readonly staticPair: KeyPair | undefined
}

/** The keys of a finished handshake, from one side's point of view. */
export interface HandshakeResult {
  readonly send: CipherState
  readonly receive: CipherState
  /** 32 bytes, the same on both sides. */
  readonly handshakeHash: Uint8Array
  /** The peer's static key: the server's for an initiator, undefined for a responder. */
  readonly remoteStatic: PublicKey | undefined
}

/**
 * The NX handshake, one interpreter for both sides: it walks the token rows above, writing the rows that are
 * ours and reading the others (HandshakeState, Noise §5.3).
 */
export class Handshake {
  readonly #settings: HandshakeSettings
  readonly #randomBytes: RandomBytes
  readonly #symmetric: SymmetricState
  #row = 0
  #ephemeral: KeyPair | undefined
  #remoteEphemeral: PublicKey | undefined
  #remoteStatic: PublicKey | undefined

  constructor(settings: HandshakeSettings, randomBytes: RandomBytes) {
    this.#settings = settings
    this.#randomBytes = randomBytes
    this.#symmetric = new SymmetricState(settings.suite, settings.prologue)
    this.#ephemeral = undefined
    this.#remoteEphemeral = undefined
    this.#remoteStatic = undefined
  }

  /** The transcript hash so far, 32 bytes. */
  get handshakeHash(): Uint8Array {
    return this.#symmetric.handshakeHash
  }

  /** Our next message, carrying `payload`. @throws {NoiseError} bad-key */
  write(payload: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = []
    for (const token of this.#nextRow()) {
      if (token === 'e') parts.push(this.#writeEphemeral())
      else if (token === 's') parts.push(this.#symmetric.encryptAndHash(this.#ownStatic().wire))
      else this.#symmetric.mixKey(this.#dh(token))
    }
    parts.push(this.#symmetric.encryptAndHash(payload))
    return concatenate(parts)
  }

  /**
   * The payload of the peer's next message, which has to be whole.
   * @throws {NoiseError} bad-length · bad-mac · bad-key
   */
  read(message: Uint8Array): Uint8Array {
    let rest = message
    const take = (length: number): Uint8Array => {
      if (rest.length < length) throw new NoiseError('bad-length', `a handshake message of ${message.length}`)
      const part = rest.subarray(0, length)
      rest = rest.subarray(length)
      return part
    }
    const { suite } = this.#settings
    for (const token of this.#nextRow()) {
      if (token === 'e') {
        // A copy: the key outlives the chunk it came in.
        this.#remoteEphemeral = suite.publicKey(take(suite.wireKeyLength).slice())
        this.#symmetric.mixHash(this.#remoteEphemeral.wire)
      } else if (token === 's') {
        const sealed = take(suite.wireKeyLength + this.#symmetric.overhead)
        this.#remoteStatic = suite.publicKey(this.#symmetric.decryptAndHash(sealed))
      } else this.#symmetric.mixKey(this.#dh(token))
    }
    if (rest.length < this.#symmetric.overhead) {
      throw new NoiseError('bad-length', `a handshake message of ${message.length}`)
    }
    return this.#symmetric.decryptAndHash(rest)
  }

  /** The transport keys, once both messages are through. */
  finish(): HandshakeResult {
    if (this.#row !== NX.length) throw new Error('the handshake has messages left')
    const { fromInitiator, fromResponder } = this.#symmetric.split()
    const initiating = this.#settings.role === 'initiator'
    return {
      send: initiating ? fromInitiator : fromResponder,
      receive: initiating ? fromResponder : fromInitiator,
      handshakeHash: this.#symmetric.handshakeHash,
      remoteStatic: this.#remoteStatic,
    }
  }

  #nextRow(): readonly Token[] {
    const row = NX[this.#row]
    if (row === undefined) throw new Error('the handshake has no messages left')
    this.#row += 1
    return row
  }

  #writeEphemeral(): Uint8Array {
    this.#ephemeral = makeKeyPair(this.#settings.suite, this.#randomBytes)
    this.#symmetric.mixHash(this.#ephemeral.wire)
    return this.#ephemeral.wire
  }

  #dh(token: 'ee' | 'es'): Uint8Array {
    const { suite, role } = this.#settings
    // es: the initiator's ephemeral with the responder's static key, from whichever side we stand.
    const responding = role === 'responder'
    const ours = token === 'es' && responding ? this.#ownStatic() : known(this.#ephemeral)
    const theirs = token === 'es' && !responding ? known(this.#remoteStatic) : known(this.#remoteEphemeral)
    return suite.dh(ours, theirs, role)
  }

  #ownStatic(): KeyPair {
    return known(this.#settings.staticPair)
  }
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the handshake lacks a key this token needs')
  return value
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
