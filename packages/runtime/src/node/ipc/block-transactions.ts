import { pooledCopy } from '../pooled-copy.ts'
import { CapnpError } from './capnp-read.ts'

/** Header of a block, bytes. */
const HEADER = 80
/** The first thing that a transaction spends: no other one in the chain spends it. Transaction id and number, bytes. */
const OUTPOINT = 36

/**
 * The transactions of blocks that are templates, one after another. A transaction that the template before had is the same array
 * again, so that many templates take the memory of one. They are found by what they spend first, and not by their hashes: of a
 * full block those take 30 ms.
 */
export class BlockTransactions {
  /** Those of the last block, by their first outpoint. */
  #known = new Map<string, Uint8Array>()

  /**
   * The transactions of a block behind its coinbase, serialized.
   * @throws {CapnpError} for bytes that are not a block
   */
  read(block: Uint8Array): readonly Uint8Array[] {
    const cursor = new Cursor(block, HEADER)
    const count = cursor.count()
    const kept = new Map<string, Uint8Array>()
    const read: Uint8Array[] = []
    for (let place = 0; place < count; place++) {
      const start = cursor.at
      const outpoint = cursor.transaction()
      // the coinbase of the node
      if (place === 0) continue
      const bytes = block.subarray(start, cursor.at)
      const key = Buffer.from(block.buffer, block.byteOffset + outpoint, OUTPOINT).toString('latin1')
      const known = this.#known.get(key)
      if (known !== undefined && Buffer.compare(known, bytes) === 0) {
        kept.set(key, known)
        read.push(known)
        continue
      }
      const fresh = pooledCopy(bytes)
      kept.set(key, fresh)
      read.push(fresh)
    }
    if (cursor.at !== block.length) throw new CapnpError('a block has bytes behind its last transaction')
    this.#known = kept
    return read
  }
}

/** Walks over transactions without reading more than their lengths. */
class Cursor {
  readonly #bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  /** Passes a transaction. Answers where its first outpoint is. @throws {CapnpError} */
  transaction(): number {
    this.#pass(4)
    // no inputs is the mark of a transaction with witnesses (BIP 144)
    const hasWitness = this.#byte(this.at) === 0
    if (hasWitness) this.#pass(2)
    const inputs = this.count()
    const outpoint = this.at
    for (let input = 0; input < inputs; input++) {
      this.#pass(OUTPOINT)
      this.#pass(this.count())
      this.#pass(4)
    }
    const outputs = this.count()
    for (let output = 0; output < outputs; output++) {
      this.#pass(8)
      this.#pass(this.count())
    }
    if (hasWitness)
      for (let input = 0; input < inputs; input++) {
        const elements = this.count()
        for (let element = 0; element < elements; element++) this.#pass(this.count())
      }
    this.#pass(4)
    return outpoint
  }

  /** A compact size. */
  count(): number {
    const first = this.#byte(this.at)
    this.#pass(1)
    if (first < 0xfd) return first
    const length = first === 0xfd ? 2 : 4
    if (first === 0xff) throw new CapnpError('a block has a number that is too great')
    let value = 0
    for (let place = length - 1; place >= 0; place--) value = value * 256 + this.#byte(this.at + place)
    this.#pass(length)
    return value
  }

  #byte(at: number): number {
    const byte = this.#bytes[at]
    if (byte === undefined) throw new CapnpError('a block is cut off')
    return byte
  }

  #pass(length: number): void {
    this.at += length
    if (this.at > this.#bytes.length) throw new CapnpError('a block is cut off')
  }
}
