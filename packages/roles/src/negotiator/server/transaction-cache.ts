import { hashKey } from './hash-key.ts'
import type { KnownTransaction } from './known-transaction.ts'

/** Rough memory of an entry besides its data, bytes. */
const ENTRY_OVERHEAD = 512

/** A transaction between the one that was used before it and the one that was used after it. */
interface Entry {
  readonly tx: KnownTransaction
  older: Entry | undefined
  newer: Entry | undefined
}

/**
 * Transactions that a node knows, so that clients do not have to send them. What was not used longest goes first: a chain
 * through all of them, since a map that is put into the order of use by deleting and setting took 41 ms more for a block of 4,000.
 */
export class TransactionCache {
  readonly #limits: { readonly bytes: number; readonly transactions: number }
  /** By wtxid. */
  readonly #byWtxid = new Map<string, Entry>()
  readonly #byDataHash = new Map<string, Entry>()
  #oldest: Entry | undefined
  #newest: Entry | undefined
  #bytes = 0

  constructor(limits: { readonly bytes: number; readonly transactions: number }) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byWtxid.size
  }

  /** Bytes that the entries take, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** Puts a transaction in, or makes it the one used last. */
  add(tx: KnownTransaction): void {
    const key = hashKey(tx.wtxid)
    if (this.#used(this.#byWtxid.get(key)) !== undefined) return
    const entry: Entry = { tx, older: undefined, newer: undefined }
    this.#byWtxid.set(key, entry)
    this.#byDataHash.set(hashKey(tx.dataHash), entry)
    this.#append(entry)
    this.#bytes += tx.data.length + ENTRY_OVERHEAD
    while (this.#bytes > this.#limits.bytes || this.#byWtxid.size > this.#limits.transactions) this.#drop()
  }

  /** The transaction with this wtxid, which counts as a use of it. */
  find(wtxid: Uint8Array): KnownTransaction | undefined {
    return this.#used(this.#byWtxid.get(hashKey(wtxid)))
  }

  /** The transaction whose data has this SHA-256, which counts as a use of it. */
  findByDataHash(dataHash: Uint8Array): KnownTransaction | undefined {
    return this.#used(this.#byDataHash.get(hashKey(dataHash)))
  }

  /** All of them, as they are now, what was not used longest first; no use. */
  all(): readonly KnownTransaction[] {
    const all: KnownTransaction[] = []
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) all.push(entry.tx)
    return all
  }

  #used(entry: Entry | undefined): KnownTransaction | undefined {
    if (entry === undefined) return undefined
    if (entry !== this.#newest) {
      this.#takeOut(entry)
      this.#append(entry)
    }
    return entry.tx
  }

  #append(entry: Entry): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #takeOut({ older, newer }: Entry): void {
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }

  #drop(): void {
    const entry = this.#oldest
    if (entry === undefined) return
    this.#takeOut(entry)
    this.#byWtxid.delete(hashKey(entry.tx.wtxid))
    this.#byDataHash.delete(hashKey(entry.tx.dataHash))
    this.#bytes -= entry.tx.data.length + ENTRY_OVERHEAD
  }
}
