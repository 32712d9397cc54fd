import { crc32cOf } from './crc32c.ts'

/** Writes little-endian fields one behind another into a buffer that grows. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #size = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get size(): number {
    return this.#size
  }

  /** What was written so far: a view that the next `clear` makes invalid. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#size)
  }

  /** Begins anew; keeps the memory. */
  clear(): void {
    this.#size = 0
  }

  /** Gives up what was written behind an offset. */
  truncate(size: number): void {
    this.#size = size
  }

  u8(value: number): void {
    const at = this.#take(1)
    this.#view.setUint8(at, value)
  }

  u16(value: number): void {
    const at = this.#take(2)
    this.#view.setUint16(at, value, true)
  }

  u32(value: number): void {
    const at = this.#take(4)
    this.#view.setUint32(at, value, true)
  }

  /** A whole number below 2^53 in eight bytes. */
  count(value: number): void {
    const at = this.#take(8)
    this.#view.setUint32(at, value % 2 ** 32, true)
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true)
  }

  u64(value: bigint): void {
    const at = this.#take(8)
    this.#view.setBigUint64(at, value, true)
  }

  u128(value: bigint): void {
    const at = this.#take(16)
    this.#view.setBigUint64(at, value, true)
    this.#view.setBigUint64(at + 8, value >> 64n, true)
  }

  bytes(value: Uint8Array): void {
    const at = this.#take(value.length)
    this.#bytes.set(value, at)
  }

  /** Length as u8, u16 or u32, then the bytes. @throws {RangeError} when the length does not fit. */
  sized(value: Uint8Array, lengthBytes: 1 | 2 | 4): void {
    if (value.length >= 2 ** (8 * lengthBytes)) throw new RangeError(`${value.length} bytes in a short field`)
    if (lengthBytes === 1) this.u8(value.length)
    else if (lengthBytes === 2) this.u16(value.length)
    else this.u32(value.length)
    this.bytes(value)
  }

  /** Writes a u32 where something was written before. */
  putU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }

  /** CRC-32C of what was written from an offset on. */
  crc32c(from: number): number {
    return crc32cOf(this.#view, from, this.#size)
  }

  /** Makes room. Buffer and view may be others afterwards. */
  #take(size: number): number {
    const at = this.#size
    this.#size += size
    if (this.#size > this.#bytes.length) this.#grow()
    return at
  }

  #grow(): void {
    const grown = new Uint8Array(Math.max(this.#size, 2 * this.#bytes.length))
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}
