import { CodecError } from './errors.ts'

/** Reads a payload from front to back. Byte fields it hands out are views into that payload. */
export class Reader {
  readonly bytes: Uint8Array
  offset: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.offset = 0
  }

  get remaining(): number {
    return this.bytes.length - this.offset
  }

  /**
   * Claims the next `size` bytes and returns where they begin: the only bounds check on the way in.
   * @throws {CodecError} truncated
   */
  take(size: number): number {
    const at = this.offset
    if (size > this.bytes.length - at) {
      throw new CodecError('truncated', `${size} bytes wanted, ${this.bytes.length - at} left`)
    }
    this.offset = at + size
    return at
  }

  /** Claims the next `size` bytes as a view into the payload; copy to keep it longer than the payload. */
  view(size: number): Uint8Array {
    const at = this.take(size)
    // not subarray: a Buffer's subarray is a Buffer, and the species lookup costs three times as much
    return new Uint8Array(this.bytes.buffer as ArrayBuffer, this.bytes.byteOffset + at, size)
  }
}

/** Above this a reused writer gives its buffer back, so that one large message does not stay resident. */
const KEPT_CAPACITY = 65_536

/** Gathers bytes; grows by doubling. */
export class Writer {
  /** The buffer so far. `take` may replace it: read this property after, not before. */
  bytes: Uint8Array
  length: number

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
    this.length = 0
  }

  /** Makes room for `size` bytes and returns where they begin in `bytes`. */
  take(size: number): number {
    const at = this.length
    const needed = at + size
    if (needed > this.bytes.length) this.#grow(needed)
    this.length = needed
    return at
  }

  /** Appends `bytes` as they are. */
  put(bytes: Uint8Array): void {
    const at = this.take(bytes.length)
    this.bytes.set(bytes, at)
  }

  /** A copy of what was written, exactly as long. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  /** Forgets what was written, to be used again. */
  reset(): void {
    this.length = 0
    if (this.bytes.length > KEPT_CAPACITY) this.bytes = new Uint8Array(KEPT_CAPACITY)
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
