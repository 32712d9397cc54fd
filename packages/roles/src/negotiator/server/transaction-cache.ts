import { hex } from '@sv2/bitcoin'
import type { KnownTransaction } from './known-transaction.ts'

/** Rough memory of an entry besides its data, bytes. */
const ENTRY_OVERHEAD = 512

/** Transactions that a node knows, so that clients do not have to send them. What was not used longest goes first. */
export class TransactionCache {
  readonly #limits: { readonly bytes: number; readonly transactions: number }
  /** By wtxid, hex, in the order of their last use. */
  readonly #byWtxid = new Map<string, KnownTransaction>()
  readonly #byDataHash = new Map<string, KnownTransaction>()
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
    if (this.find(tx.wtxid) !== undefined) return
    this.#byWtxid.set(hex(tx.wtxid), tx)
    this.#byDataHash.set(hex(tx.dataHash), tx)
    this.#bytes += tx.data.length + ENTRY_OVERHEAD
    while (this.#bytes > this.#limits.bytes || this.#byWtxid.size > this.#limits.transactions) this.#drop()
  }

  /** The transaction with this wtxid, which counts as a use of it. */
  find(wtxid: Uint8Array): KnownTransaction | undefined {
    return this.#used(this.#byWtxid.get(hex(wtxid)))
  }

  /** The transaction whose data has this SHA-256, which counts as a use of it. */
  findByDataHash(dataHash: Uint8Array): KnownTransaction | undefined {
    return this.#used(this.#byDataHash.get(hex(dataHash)))
  }

  /** All of them; no use. */
  all(): Iterable<KnownTransaction> {
    return this.#byWtxid.values()
  }

  #used(tx: KnownTransaction | undefined): KnownTransaction | undefined {
    if (tx === undefined) return undefined
    const key = hex(tx.wtxid)
    this.#byWtxid.delete(key)
    this.#byWtxid.set(key, tx)
    return tx
  }

  #drop(): void {
    for (const [key, tx] of this.#byWtxid) {
      this.#byWtxid.delete(key)
      this.#byDataHash.delete(hex(tx.dataHash))
      this.#bytes -= tx.data.length + ENTRY_OVERHEAD
      return
    }
  }
}
