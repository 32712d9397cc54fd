import { BitcoinError, countLegacySigops, parseTransaction, type Sha256d, strippedOf } from '@sv2/bitcoin'

/** A transaction whose data we have. */
export interface KnownTransaction {
  /** Full serialization. */
  readonly data: Uint8Array
  /** Header byte order. */
  readonly txid: Uint8Array
  /** Header byte order. */
  readonly wtxid: Uint8Array
  /** SHA-256 of the data, by which the commit dialogue names it (docs/wire.md O-04). */
  readonly dataHash: Uint8Array
  /** Weight units. */
  readonly weight: number
  /** Signature operation cost, at least. */
  readonly sigops: number
}

/** The hashes by which transactions are known, as fast as the host has them. */
export interface TransactionHashes {
  readonly sha256d: Sha256d
  /** SHA-256 once. */
  readonly sha256: (data: Uint8Array) => Uint8Array
}

/** Reads a transaction from its serialization, which is kept; undefined when it is not a transaction. */
export function knownTransaction(
  data: Uint8Array,
  { sha256d, sha256 }: TransactionHashes,
): KnownTransaction | undefined {
  try {
    const tx = parseTransaction(data)
    const stripped = strippedOf(tx, data)
    return {
      data,
      txid: sha256d(stripped),
      wtxid: sha256d(data),
      dataHash: sha256(data),
      weight: 3 * stripped.length + data.length,
      sigops: 4 * countLegacySigops(tx),
    }
  } catch (error) {
    if (error instanceof BitcoinError) return undefined
    throw error
  }
}
