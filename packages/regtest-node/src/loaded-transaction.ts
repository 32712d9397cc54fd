import {
  displayHash,
  encodeStripped,
  encodeTransaction,
  hasWitness,
  parseTransaction,
  type Transaction,
  type TxInput,
} from '@sv2/bitcoin'
import { fastSha256d } from './fast-hash.ts'

/** A transaction with everything that is asked of it again and again, computed once. Ids as strings are in display order. */
export type LoadedTransaction = {
  readonly tx: Transaction
  /** Full serialization. */
  readonly bytes: Uint8Array
  /** 32 bytes, wire order. */
  readonly txid: Uint8Array
  readonly wtxid: Uint8Array
  /** The txid as RPC prints it. */
  readonly id: string
  /** The wtxid as RPC prints it. */
  readonly witnessId: string
  readonly strippedSize: number
  readonly weight: number
  /** Weight in virtual bytes, rounded up. */
  readonly vsize: number
}

/** Serializes and hashes a transaction. */
export function loadTransaction(tx: Transaction): LoadedTransaction {
  const stripped = encodeStripped(tx)
  const txid = fastSha256d(stripped)
  const bytes = hasWitness(tx) ? encodeTransaction(tx) : stripped
  const wtxid = bytes === stripped ? txid : fastSha256d(bytes)
  const weight = 3 * stripped.length + bytes.length
  return {
    tx,
    bytes,
    txid,
    wtxid,
    id: displayHash(txid),
    witnessId: displayHash(wtxid),
    strippedSize: stripped.length,
    weight,
    vsize: Math.ceil(weight / 4),
  }
}

/** Parses, serializes and hashes a transaction. @throws {BitcoinError} when the bytes are none. */
export function loadTransactionBytes(bytes: Uint8Array): LoadedTransaction {
  return loadTransaction(parseTransaction(bytes))
}

/** The name of a transaction output in maps: txid in display order, colon, index. */
export function outpointKey(txid: string, index: number): string {
  return `${txid}:${index}`
}

/** The name of the output an input spends. */
export function spentOutpoint(input: TxInput): string {
  return outpointKey(displayHash(input.prevTxid), input.prevIndex)
}
