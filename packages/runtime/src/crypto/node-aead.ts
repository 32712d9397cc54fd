import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { AeadKey } from '@sv2/noise'

type Algorithm = 'chacha20-poly1305' | 'aes-256-gcm'

const TAG_BYTES = 16
// The types know AEAD ciphers by literal names; both take the options of GCM.
type Gcm = 'aes-256-gcm'

/** An AEAD of OpenSSL under one 32-byte key. Makes a cipher per message: OpenSSL's own cost is small beside that. */
export class NodeAead implements AeadKey {
  readonly #algorithm: Gcm
  readonly #key: Uint8Array

  constructor(algorithm: Algorithm, key: Uint8Array) {
    if (key.length !== 32) throw new RangeError(`an AEAD key has 32 bytes, not ${key.length}`)
    this.#algorithm = algorithm as Gcm
    this.#key = key
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    const cipher = createCipheriv(this.#algorithm, this.#key, nonce, { authTagLength: TAG_BYTES })
    if (associatedData.length > 0) cipher.setAAD(associatedData)
    out.set(cipher.update(plaintext))
    cipher.final()
    out.set(cipher.getAuthTag(), plaintext.length)
  }

  open(nonce: Uint8Array, associatedData: Uint8Array, ciphertext: Uint8Array, out: Uint8Array): boolean {
    const end = ciphertext.length - TAG_BYTES
    const decipher = createDecipheriv(this.#algorithm, this.#key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAuthTag(ciphertext.subarray(end))
    if (associatedData.length > 0) decipher.setAAD(associatedData)
    out.set(decipher.update(ciphertext.subarray(0, end)))
    try {
      decipher.final()
      return true
    } catch {
      return false // the only thing `final` checks is the tag
    }
  }
}
