const EMPTY = new Uint8Array(0)
const KEPT_BYTES = 512
const LEAST_BYTES = 64

/**
 * The unfinished tail of a stream: holds the first bytes of a unit until the rest comes. Grows by doubling up
 * to what the unit needs, so many small chunks cost linear time, and a peer that announces much and sends
 * little holds little memory.
 */
export class StreamBuffer {
  #bytes: Uint8Array = EMPTY
  #length = 0

  /** How many bytes wait here. */
  get length(): number {
    return this.#length
  }

  /** Memory that is held for them, bytes. */
  get capacity(): number {
    return this.#bytes.length
  }

  /**
   * Takes bytes of `chunk` from `at` until `need` bytes wait, or the chunk ends. Returns how many it took.
   */
  fill(chunk: Uint8Array, at: number, need: number): number {
    const taken = Math.min(need - this.#length, chunk.length - at)
    if (taken <= 0) return 0
    const end = this.#length + taken
    if (end > this.#bytes.length) this.#grow(end, need)
    this.#bytes.set(chunk.subarray(at, at + taken), this.#length)
    this.#length = end
    return taken
  }

  /** All bytes that wait, as a view valid until the next `fill`; none wait afterwards. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    // An idle connection keeps no more than this; 100 000 of them would add up.
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = EMPTY
    return taken
  }

  /** The U16, little-endian, at the start of what waits; two bytes have to be there. */
  peekUint16(): number {
    return this.#bytes[0]! | (this.#bytes[1]! << 8)
  }

  #grow(end: number, need: number): void {
    const grown = new Uint8Array(Math.max(LEAST_BYTES, Math.min(need, Math.max(end, this.#bytes.length * 2))))
    grown.set(this.#bytes.subarray(0, this.#length), 0)
    this.#bytes = grown
  }
}
