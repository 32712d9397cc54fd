import { newInstance } from '@chainsafe/as-chacha20poly1305'
import type { AeadKey } from '@sv2/noise'
import { NodeAead } from './node-aead.ts'

/**
 * Largest text that goes to WebAssembly, bytes. Below it the cost is that of a call, where WebAssembly is three to five
 * times faster than OpenSSL; above it that of the cipher, where OpenSSL has vector instructions. bench/crypto.ts.
 */
const SMALL_BYTES = 704
/** What the module takes of associated data, bytes. */
const ASSOCIATED_BYTES = 32
const TAG_BYTES = 16

// One instance serves all keys: a call is over before the next begins.
const wasm = newInstance()
const view = (at: { readonly value: number }, length: number): Uint8Array =>
  new Uint8Array(wasm.memory.buffer, at.value, length)
const keyInput = view(wasm.cpKey, 32)
const nonceInput = view(wasm.cpNonce, 12)
const associatedInput = view(wasm.cpAssociatedData, ASSOCIATED_BYTES)
const textInput = view(wasm.cpInput, SMALL_BYTES)
const textOutput = view(wasm.chacha20Output, SMALL_BYTES)
const tagOutput = view(wasm.poly1305Output, TAG_BYTES)
/** Whose key the instance holds. */
let holder: ChaCha20Poly1305 | undefined

/** ChaCha20-Poly1305 (RFC 8439) under one key: WebAssembly for small messages, OpenSSL for large ones. */
export class ChaCha20Poly1305 implements AeadKey {
  readonly #key: Uint8Array
  #large: NodeAead | undefined

  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new RangeError(`an AEAD key has 32 bytes, not ${key.length}`)
    this.#key = key
    this.#large = undefined
  }

  seal(nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    const { length } = plaintext
    if (length > SMALL_BYTES || associatedData.length > ASSOCIATED_BYTES) {
      return this.#openssl().seal(nonce, associatedData, plaintext, out)
    }
    checkSizes(nonce, length, out.length - TAG_BYTES)
    this.#load(nonce, associatedData)
    textInput.set(plaintext)
    wasm.sealUpdate(true, true, length, length, associatedData.length)
    copy(textOutput, out, length)
    for (let i = 0; i < TAG_BYTES; i++) out[length + i] = tagOutput[i]!
  }

  open(nonce: Uint8Array, associatedData: Uint8Array, ciphertext: Uint8Array, out: Uint8Array): boolean {
    const length = ciphertext.length - TAG_BYTES
    if (length > SMALL_BYTES || associatedData.length > ASSOCIATED_BYTES) {
      return this.#openssl().open(nonce, associatedData, ciphertext, out)
    }
    checkSizes(nonce, length, out.length)
    this.#load(nonce, associatedData)
    copy(ciphertext, textInput, length)
    wasm.openUpdate(true, true, length, length, associatedData.length)
    // Every byte is compared, so that the time does not tell how much of a forged tag was right.
    let difference = 0
    for (let i = 0; i < TAG_BYTES; i++) difference |= tagOutput[i]! ^ ciphertext[length + i]!
    if (difference !== 0) return false
    copy(textOutput, out, length)
    return true
  }

  #load(nonce: Uint8Array, associatedData: Uint8Array): void {
    if (holder !== this) keyInput.set(this.#key)
    holder = this
    nonceInput.set(nonce)
    if (associatedData.length > 0) associatedInput.set(associatedData)
  }

  #openssl(): NodeAead {
    this.#large ??= new NodeAead('chacha20-poly1305', this.#key)
    return this.#large
  }
}

function copy(from: Uint8Array, to: Uint8Array, length: number): void {
  // A frame header is copied faster than its view is made.
  if (length > 64) to.set(from.subarray(0, length))
  else for (let i = 0; i < length; i++) to[i] = from[i]!
}

function checkSizes(nonce: Uint8Array, length: number, outLength: number): void {
  if (nonce.length !== 12) throw new RangeError(`an AEAD nonce has 12 bytes, not ${nonce.length}`)
  if (length !== outLength || length < 0)
    throw new RangeError(`${length} bytes of text do not fit ${outLength}`)
}
