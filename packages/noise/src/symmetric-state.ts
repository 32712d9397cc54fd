import { CipherState, TAG_BYTES } from './cipher-state.ts'
import type { NoiseSuite } from './suite.ts'

/**
 * The handshake's memory: transcript hash `h`, chaining key `ck`, and the key in force (SymmetricState, Noise
 * §5.2).
 */
export class SymmetricState {
  readonly #suite: NoiseSuite
  #h: Uint8Array
  #ck: Uint8Array
  #cipher: CipherState | undefined

  constructor(suite: NoiseSuite, prologue: Uint8Array) {
    this.#suite = suite
    this.#h = initialHash(suite)
    this.#ck = this.#h
    this.#cipher = undefined
    this.mixHash(prologue)
  }

  /** The transcript hash so far, 32 bytes; the same on both sides. */
  get handshakeHash(): Uint8Array {
    return this.#h
  }

  /** Bytes encryption adds right now: none until the first key exists. */
  get overhead(): number {
    return this.#cipher === undefined ? 0 : TAG_BYTES
  }

  mixHash(data: Uint8Array): void {
    const input = new Uint8Array(32 + data.length)
    input.set(this.#h, 0)
    input.set(data, 32)
    this.#h = this.#suite.hash(input)
  }

  mixKey(sharedSecret: Uint8Array): void {
    const [ck, key] = this.#hkdf(sharedSecret)
    this.#ck = ck
    this.#cipher = this.#cipherState(key)
  }

  /** The payload as sent: encrypted with `h` as associated data once a key exists, in clear before. */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    if (this.#cipher === undefined) {
      this.mixHash(plaintext)
      return plaintext
    }
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES)
    this.#cipher.seal(plaintext, sealed, this.#h)
    this.mixHash(sealed)
    return sealed
  }

  /**
   * The reverse of {@link encryptAndHash}; `data` has at least {@link overhead} bytes.
   * @throws {NoiseError} bad-mac
   */
  decryptAndHash(data: Uint8Array): Uint8Array {
    if (this.#cipher === undefined) {
      this.mixHash(data)
      return data
    }
    const plaintext = new Uint8Array(data.length - TAG_BYTES)
    this.#cipher.open(data, plaintext, this.#h)
    this.mixHash(data)
    return plaintext
  }

  /** The two keys of the connection: first client → server, second server → client, both counting from 0. */
  split(): { readonly fromInitiator: CipherState; readonly fromResponder: CipherState } {
    const [first, second] = this.#hkdf(new Uint8Array(0))
    return { fromInitiator: this.#cipherState(first), fromResponder: this.#cipherState(second) }
  }

  #cipherState(key: Uint8Array): CipherState {
    return new CipherState(this.#suite.aead(key), { nonceOrder: this.#suite.nonceOrder })
  }

  /** HKDF with two outputs and no info (Noise §4.3). */
  #hkdf(inputKeyMaterial: Uint8Array): [Uint8Array, Uint8Array] {
    const temporaryKey = this.#suite.hmac(this.#ck, inputKeyMaterial)
    const first = this.#suite.hmac(temporaryKey, Uint8Array.of(1))
    const secondInput = new Uint8Array(33)
    secondInput.set(first, 0)
    secondInput[32] = 2
    return [first, this.#suite.hmac(temporaryKey, secondInput)]
  }
}

/** A name of up to 32 bytes is zero-padded, a longer one hashed (Noise §5.2 InitializeSymmetric). */
function initialHash(suite: NoiseSuite): Uint8Array {
  const name = new TextEncoder().encode(suite.protocolName)
  if (name.length > 32) return suite.hash(name)
  const padded = new Uint8Array(32)
  padded.set(name)
  return padded
}
