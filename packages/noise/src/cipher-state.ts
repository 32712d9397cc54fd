import type { AeadKey } from './crypto-backend.ts'
import { NoiseError } from './errors.ts'

/** Bytes an AEAD adds to its plaintext: the tag (RFC 8439 §2.8). */
export const TAG_BYTES = 16

const NOTHING = new Uint8Array(0)
const LAST_COUNTER = 0xffff_ffff_ffff_ffffn

/**
 * One direction's key and its message counter (CipherState, Noise §5.1).
 *
 * The nonce is 4 zero bytes and the 64-bit counter. The counter moves after success only, so a forged
 * message does not desynchronise the two sides; 2^64 − 1 is reserved and never used.
 */
export class CipherState {
  readonly #aead: AeadKey
  readonly #nonce = new Uint8Array(12)
  readonly #view = new DataView(this.#nonce.buffer)
  readonly #littleEndian: boolean
  // The counter as two halves: a bigint would cost an allocation per message on the hot path.
  #low: number
  #high: number

  constructor(aead: AeadKey, settings: CipherStateSettings) {
    const first = settings.firstCounter ?? 0n
    if (first < 0n || first > LAST_COUNTER) throw new RangeError(`no 64-bit counter: ${first}`)
    this.#aead = aead
    this.#littleEndian = settings.nonceOrder === 'little'
    this.#low = Number(first & 0xffff_ffffn)
    this.#high = Number(first >> 32n)
    this.#writeCounter()
  }

  /** How many messages have gone through so far. */
  get counter(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low)
  }

  /**
   * Encrypts the next message of this direction into `out`, exactly `plaintext.length + 16` bytes.
   * @throws {NoiseError} nonce-exhausted
   */
  seal(plaintext: Uint8Array, out: Uint8Array, associatedData: Uint8Array = NOTHING): void {
    this.#refuseToWrap()
    this.#aead.seal(this.#nonce, associatedData, plaintext, out)
    this.#advance()
  }

  /**
   * Decrypts the next message of this direction into `out`, exactly `ciphertext.length - 16` bytes.
   * @throws {NoiseError} bad-mac: the counter stays where it was · nonce-exhausted
   */
  open(ciphertext: Uint8Array, out: Uint8Array, associatedData: Uint8Array = NOTHING): void {
    this.#refuseToWrap()
    if (!this.#aead.open(this.#nonce, associatedData, ciphertext, out)) {
      throw new NoiseError('bad-mac', `message ${this.counter} of this direction is not authentic`)
    }
    this.#advance()
  }

  #refuseToWrap(): void {
    if (this.#low === 0xffff_ffff && this.#high === 0xffff_ffff) {
      throw new NoiseError('nonce-exhausted', 'all 2^64 − 1 messages of this key are used')
    }
  }

  #advance(): void {
    this.#low = (this.#low + 1) >>> 0
    if (this.#low === 0) this.#high += 1
    this.#writeCounter()
  }

  #writeCounter(): void {
    if (this.#littleEndian) {
      this.#view.setUint32(4, this.#low, true)
      this.#view.setUint32(8, this.#high, true)
      return
    }
    this.#view.setUint32(4, this.#high, false)
    this.#view.setUint32(8, this.#low, false)
  }
}

/** How a cipher state counts. */
export interface CipherStateSettings {
  readonly nonceOrder: 'little' | 'big'
  /** Where to start; 0 unless said otherwise. */
  readonly firstCounter?: bigint
}
