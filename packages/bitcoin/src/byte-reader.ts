import { BitcoinError } from './bitcoin-error.ts'
import { readCompactSize } from './compact-size.ts'

/** A cursor over bytes that a peer made: every read past the end is a BitcoinError, never undefined. */
export class ByteReader {
  readonly bytes: Uint8Array
  #offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.#offset = offset
  }

  /** Where the next read starts. */
  get offset(): number {
    return this.#offset
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.bytes.length - this.#offset
  }

  /** The next `count` bytes as a view into the source. */
  take(count: number): Uint8Array {
    const start = this.#skip(count)
    return this.bytes.subarray(start, this.#offset)
  }

  uint32(): number {
    const at = this.#skip(4)
    const { bytes } = this
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  }

  uint64(): bigint {
    const low = this.uint32()
    return (BigInt(this.uint32()) << 32n) | BigInt(low)
  }

  /**
   * A CompactSize that counts things of at least `minimumSize` bytes each; refuses a count that cannot fit what is left,
   * so that a hostile count allocates nothing.
   */
  count(minimumSize: number): number {
    const { value, size } = readCompactSize(this.bytes, this.#offset)
    this.#offset += size
    if (value * minimumSize > this.remaining) {
      throw new BitcoinError(
        'truncated',
        `${value} elements announced at ${this.#offset}, ${this.remaining} bytes left`,
      )
    }
    return value
  }

  /** A byte string behind its CompactSize, as a view. */
  varBytes(): Uint8Array {
    return this.take(this.count(1))
  }

  /** Goes on by `count` bytes; answers where they begin. */
  #skip(count: number): number {
    if (count > this.remaining)
      throw new BitcoinError('truncated', `${count} bytes wanted at ${this.#offset}, ${this.remaining} left`)
    const start = this.#offset
    this.#offset += count
    return start
  }
}
