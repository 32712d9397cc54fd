/**
 * Hashes of one size, one behind another in one buffer. As arrays of their own they are two objects and 240 bytes each for
 * the collector, which copies all that is new and alive: up to 11 ms at one time for the jobs of a server.
 */
export class HashList {
  /** All of them. */
  readonly bytes: Uint8Array
  readonly length: number
  /** Bytes of one hash. */
  readonly hashSize: number

  /** So many hashes, zeros at first. */
  constructor(length: number, hashSize = 32) {
    this.bytes = new Uint8Array(length * hashSize)
    this.length = length
    this.hashSize = hashSize
  }

  /** A copy of these hashes. @throws {RangeError} when one has another size */
  static of(hashes: readonly Uint8Array[], hashSize = 32): HashList {
    const list = new HashList(hashes.length, hashSize)
    for (const [place, hash] of hashes.entries()) list.set(place, hash)
    return list
  }

  /** A view, which shows what is put into the place later. */
  at(place: number): Uint8Array {
    return this.bytes.subarray(place * this.hashSize, (place + 1) * this.hashSize)
  }

  /** @throws {RangeError} when the hash has another size */
  set(place: number, hash: Uint8Array): void {
    if (hash.length !== this.hashSize) throw new RangeError(`${hash.length} bytes, not ${this.hashSize}`)
    this.bytes.set(hash, place * this.hashSize)
  }

  /** Whether this hash stands at the place. */
  holds(place: number, hash: Uint8Array): boolean {
    const { bytes, hashSize } = this
    for (let i = 0, at = place * hashSize; i < hashSize; i++) if (bytes[at + i] !== hash[i]) return false
    return true
  }
}
