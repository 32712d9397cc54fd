import { BitcoinError } from './bitcoin-error.ts'
import { ByteReader } from './byte-reader.ts'
import { concatBytes } from './bytes.ts'
import { encodeCompactSize } from './compact-size.ts'
import { type BlockHeader, decodeHeader, HEADER_SIZE } from './header.ts'
import { encodeStripped, encodeTransaction, readTransaction, type Transaction } from './transaction.ts'

/** Largest weight of a block (BIP 141). */
export const MAX_BLOCK_WEIGHT = 4_000_000

/** Largest signature-operation cost of a block (BIP 141). */
export const MAX_BLOCK_SIGOPS_COST = 80_000

/** A parsed block. Transactions hold views into the parsed bytes. */
export type Block = { readonly header: BlockHeader; readonly transactions: readonly Transaction[] }

/**
 * Puts a block together from its header and its serialized transactions, coinbase first, as `submitblock` takes it.
 *
 * @throws {RangeError} when the header is not 80 bytes or there is no transaction.
 */
export function assembleBlock(header: Uint8Array, transactions: readonly Uint8Array[]): Uint8Array {
  if (header.length !== HEADER_SIZE) throw new RangeError(`header of ${header.length} bytes`)
  if (transactions.length === 0) throw new RangeError('block without coinbase')
  return concatBytes(header, encodeCompactSize(transactions.length), ...transactions)
}

/** Reads a whole block. @throws {BitcoinError} truncated, trailing-bytes, non-canonical, malformed. */
export function parseBlock(bytes: Uint8Array): Block {
  const reader = new ByteReader(bytes)
  const header = decodeHeader(reader.take(HEADER_SIZE))
  const count = reader.count(60)
  const transactions: Transaction[] = []
  for (let i = 0; i < count; i++) transactions.push(readTransaction(reader))
  if (reader.remaining > 0) throw new BitcoinError('trailing-bytes', `${reader.remaining} after the block`)
  return { header, transactions }
}

/** Bytes of a block without and with its witnesses, and its weight `3 · stripped + full` (BIP 141). */
export function blockSize(transactions: readonly Transaction[]): {
  stripped: number
  full: number
  weight: number
} {
  const frame = HEADER_SIZE + encodeCompactSize(transactions.length).length
  let stripped = frame
  let full = frame
  for (const tx of transactions) {
    stripped += encodeStripped(tx).length
    full += encodeTransaction(tx).length
  }
  return { stripped, full, weight: 3 * stripped + full }
}
