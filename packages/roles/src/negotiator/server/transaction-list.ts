import { equalBytes } from '@sv2/bitcoin'
import { HashList } from './hash-list.ts'
import type { KnownTransaction } from './known-transaction.ts'

/** Transactions by place, each attribute in a column of its own; a place may be empty. Of a transaction only its data is an object. */
export class TransactionList {
  readonly txids: HashList
  readonly wtxids: HashList
  readonly dataHashes: HashList
  readonly #data: (Uint8Array | undefined)[]
  readonly #weights: Uint32Array
  readonly #sigops: Uint32Array

  /** So many empty places. */
  constructor(length: number) {
    this.txids = new HashList(length)
    this.wtxids = new HashList(length)
    this.dataHashes = new HashList(length)
    this.#data = Array.from({ length }, () => undefined)
    this.#weights = new Uint32Array(length)
    this.#sigops = new Uint32Array(length)
  }

  get length(): number {
    return this.#data.length
  }

  has(place: number): boolean {
    return this.#data[place] !== undefined
  }

  /** Copies all but the data, which is kept as it is. */
  put(place: number, tx: KnownTransaction): void {
    this.#data[place] = tx.data
    this.txids.set(place, tx.txid)
    this.wtxids.set(place, tx.wtxid)
    this.dataHashes.set(place, tx.dataHash)
    this.#weights[place] = tx.weight
    this.#sigops[place] = tx.sigops
  }

  /** Empties a place. */
  clear(place: number): void {
    this.#data[place] = undefined
  }

  /** The transaction at a place, as long as no other is put there: its hashes are views. Undefined where none is. */
  at(place: number): KnownTransaction | undefined {
    const data = this.#data[place]
    if (data === undefined) return undefined
    return {
      data,
      txid: this.txids.at(place),
      wtxid: this.wtxids.at(place),
      dataHash: this.dataHashes.at(place),
      weight: this.#weights[place]!,
      sigops: this.#sigops[place]!,
    }
  }

  /** The empty places. */
  missing(): number[] {
    return this.#data.flatMap((data, place) => (data === undefined ? [place] : []))
  }

  /** The serializations of all transactions that are there. */
  serialized(): readonly Uint8Array[] {
    return this.#data.filter((data) => data !== undefined)
  }

  /** Weight units and signature operations of a list without empty places. */
  sums(): { readonly weight: number; readonly sigops: number } {
    const add = (sum: number, each: number): number => sum + each
    return { weight: this.#weights.reduce(add, 0), sigops: this.#sigops.reduce(add, 0) }
  }

  /** Whether one of a list without empty places has a witness. */
  hasWitnessData(): boolean {
    return !equalBytes(this.txids.bytes, this.wtxids.bytes)
  }
}
