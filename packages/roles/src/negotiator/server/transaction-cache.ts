import type { SipHashKey } from '@sv2/bitcoin'
import { HashIndex } from './hash-index.ts'
import type { KnownTransaction } from './known-transaction.ts'
import { TransactionList } from './transaction-list.ts'

/** Rough memory of an entry besides its data, bytes. */
const ENTRY_OVERHEAD = 512

/** In place of a neighbour. */
const NOBODY = -1

/**
 * Transactions that a node knows, so that clients do not have to send them. What was not used longest goes first: a chain
 * through all of them, since a map that is put into the order of use by deleting and setting took 41 ms more for a block of 4,000.
 */
export class TransactionCache {
  /** By slot; what was dropped leaves an empty one. */
  readonly transactions: TransactionList
  readonly #limits: { readonly bytes: number; readonly transactions: number }
  readonly #byWtxid: HashIndex
  readonly #byDataHash: HashIndex
  /** By slot: the one that was used before it, and the one that was used after it. */
  readonly #older: Int32Array
  readonly #newer: Int32Array
  /** Slots that became empty. */
  readonly #free: number[] = []
  #oldest = NOBODY
  #newest = NOBODY
  #slots = 0
  #bytes = 0

  /** @param key secret: clients choose what is looked up */
  constructor(limits: { readonly bytes: number; readonly transactions: number }, key: SipHashKey) {
    this.transactions = new TransactionList(limits.transactions)
    this.#limits = limits
    this.#byWtxid = new HashIndex(this.transactions.wtxids, key)
    this.#byDataHash = new HashIndex(this.transactions.dataHashes, key)
    this.#older = new Int32Array(limits.transactions)
    this.#newer = new Int32Array(limits.transactions)
  }

  get size(): number {
    return this.#slots - this.#free.length
  }

  /** Slots behind the last one that was ever used. */
  get slots(): number {
    return this.#slots
  }

  /** Bytes that the entries take, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** Puts a transaction in, or makes it the one used last. */
  add(tx: KnownTransaction): void {
    if (this.find(tx.wtxid) !== undefined) return
    if (this.size === this.#limits.transactions) this.#drop()
    const slot = this.#free.pop() ?? this.#slots++
    this.transactions.put(slot, tx)
    this.#byWtxid.add(slot)
    this.#byDataHash.add(slot)
    this.#append(slot)
    this.#bytes += tx.data.length + ENTRY_OVERHEAD
    while (this.#bytes > this.#limits.bytes) this.#drop()
  }

  /** The transaction with this wtxid, which counts as a use of it. It is a view until the cache changes. */
  find(wtxid: Uint8Array): KnownTransaction | undefined {
    return this.#used(this.#byWtxid.find(wtxid))
  }

  /** The transaction whose data has this SHA-256, which counts as a use of it. It is a view until the cache changes. */
  findByDataHash(dataHash: Uint8Array): KnownTransaction | undefined {
    return this.#used(this.#byDataHash.find(dataHash))
  }

  #used(slot: number | undefined): KnownTransaction | undefined {
    if (slot === undefined) return undefined
    if (slot !== this.#newest) {
      this.#takeOut(slot)
      this.#append(slot)
    }
    return this.transactions.at(slot)
  }

  #append(slot: number): void {
    this.#older[slot] = this.#newest
    this.#newer[slot] = NOBODY
    if (this.#newest === NOBODY) this.#oldest = slot
    else this.#newer[this.#newest] = slot
    this.#newest = slot
  }

  #takeOut(slot: number): void {
    const older = this.#older[slot]!
    const newer = this.#newer[slot]!
    if (older === NOBODY) this.#oldest = newer
    else this.#newer[older] = newer
    if (newer === NOBODY) this.#newest = older
    else this.#older[newer] = older
  }

  #drop(): void {
    const slot = this.#oldest
    const tx = this.transactions.at(slot)
    if (tx === undefined) return
    this.#takeOut(slot)
    this.#byWtxid.remove(slot)
    this.#byDataHash.remove(slot)
    this.#bytes -= tx.data.length + ENTRY_OVERHEAD
    this.transactions.clear(slot)
    this.#free.push(slot)
  }
}
