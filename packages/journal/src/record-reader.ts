import { JournalError } from './journal-error.ts'

/** Reads little-endian fields of one record. Byte fields are copies. @throws {JournalError} malformed, where bytes are missing. */
export class RecordReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  bool(): boolean {
    const value = this.u8()
    if (value > 1) throw new JournalError('malformed', `${value}, neither true nor false`)
    return value === 1
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  /** A whole number below 2^53 in eight bytes. */
  count(): number {
    const value = this.u64()
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new JournalError('malformed', `a count of ${value}`)
    return Number(value)
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true)
  }

  u128(): bigint {
    return this.u64() | (this.u64() << 64n)
  }

  bytes(size: number): Uint8Array {
    const at = this.#take(size)
    return this.#bytes.slice(at, at + size)
  }

  sized(lengthBytes: 1 | 2 | 4): Uint8Array {
    return this.bytes(lengthBytes === 1 ? this.u8() : lengthBytes === 2 ? this.u16() : this.u32())
  }

  /** @throws {JournalError} malformed, when bytes are left. */
  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new JournalError('malformed', `${this.#bytes.length - this.#at} bytes behind a record`)
  }

  #take(size: number): number {
    const at = this.#at
    if (at + size > this.#bytes.length) throw new JournalError('malformed', 'a record ends too early')
    this.#at += size
    return at
  }
}
