import { compress, INITIAL_STATE } from '@sv2/runtime/sha256'

/** Where the header time and the nonce stand, in words of a header's second SHA-256 block. */
const NTIME = 1
const NONCE = 3

/**
 * Looks for nonces of one 80-byte header whose hash is at or below a target. The first 64 bytes are hashed once, so
 * that a nonce costs two compressions; of the hash only the word that decides is looked at first.
 */
export class HeaderSearch {
  readonly #midstate = Int32Array.from(INITIAL_STATE)
  /** Bytes 64 … 79 of the header, padding and length. */
  readonly #tail = new Int32Array(16)
  /** The first hash as a message, padding and length. */
  readonly #digest = new Int32Array(16)
  readonly #state = new Int32Array(8)
  /** The target as eight 32-bit numbers, the most significant last. */
  readonly #target = new Uint32Array(8)

  /**
   * @param header 80 bytes; its nonce does not matter
   * @param target 32 bytes, little-endian
   */
  constructor(header: Uint8Array, target: Uint8Array) {
    if (header.length !== 80) throw new RangeError(`header of ${header.length} bytes`)
    if (target.length !== 32) throw new RangeError(`target of ${target.length} bytes`)
    const words = new DataView(header.buffer, header.byteOffset, 80)
    const targetWords = new DataView(target.buffer, target.byteOffset, 32)
    for (let i = 0; i < 16; i++) this.#tail[i] = words.getInt32(4 * i)
    compress(this.#midstate, this.#tail)
    this.#tail.fill(0)
    for (let i = 0; i < 4; i++) this.#tail[i] = words.getInt32(64 + 4 * i)
    this.#tail[4] = 0x8000_0000
    this.#tail[15] = 640
    this.#digest[8] = 0x8000_0000
    this.#digest[15] = 256
    for (let i = 0; i < 8; i++) this.#target[i] = targetWords.getUint32(4 * i, true)
  }

  /** Changes the header time, unix seconds. */
  setTime(ntime: number): void {
    this.#tail[NTIME] = swapBytes(ntime)
  }

  /** The first nonce of `first` … `first + count - 1` that is good enough; -1 when there is none. */
  find(first: number, count: number): number {
    const midstate = this.#midstate
    const tail = this.#tail
    const digest = this.#digest
    const state = this.#state
    const highest = this.#target[7]!
    const end = first + count
    for (let nonce = first; nonce < end; nonce++) {
      tail[NONCE] = swapBytes(nonce)
      for (let i = 0; i < 8; i++) state[i] = midstate[i]!
      compress(state, tail)
      for (let i = 0; i < 8; i++) {
        digest[i] = state[i]!
        state[i] = INITIAL_STATE[i]!
      }
      compress(state, digest)
      if (swapBytes(state[7]!) >>> 0 <= highest && this.#isMet()) return nonce
    }
    return -1
  }

  #isMet(): boolean {
    for (let i = 7; i >= 0; i--) {
      const word = swapBytes(this.#state[i]!) >>> 0
      const limit = this.#target[i]!
      if (word !== limit) return word < limit
    }
    return true
  }
}

/** The other byte order of a 32-bit word. */
function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
