import {
  type Block,
  type BlockHeader,
  blockSize,
  concatBytes,
  displayHash,
  encodeCompactSize,
  encodeHeader,
  findWitnessCommitment,
  isCoinbase,
  parseBlock,
  type Transaction,
  WITNESS_RESERVED_VALUE,
} from '@sv2/bitcoin'
import { fastSha256d } from './fast-hash.ts'
import { type LoadedTransaction, loadTransaction } from './loaded-transaction.ts'

/** A block with its hash and its transactions' hashes computed once. */
export type LoadedBlock = {
  readonly header: BlockHeader
  /** 80 bytes. */
  readonly headerBytes: Uint8Array
  /** 32 bytes, wire order. */
  readonly hash: Uint8Array
  /** The hash as RPC prints it. */
  readonly id: string
  /** The hash of the block before, as RPC prints it. */
  readonly prevId: string
  readonly transactions: readonly LoadedTransaction[]
  /** Full serialization. */
  readonly bytes: Uint8Array
  readonly strippedSize: number
  readonly weight: number
}

/** Serializes and hashes a block. */
export function loadBlock(block: Block): LoadedBlock {
  const headerBytes = encodeHeader(block.header)
  const hash = fastSha256d(headerBytes)
  const transactions = block.transactions.map(loadTransaction)
  const { stripped, weight } = blockSize(block.transactions)
  return {
    header: block.header,
    headerBytes,
    hash,
    id: displayHash(hash),
    prevId: displayHash(block.header.prevHash),
    transactions,
    // Not assembleBlock: a submitted block may lack its coinbase, which is for validation to say.
    bytes: concatBytes(
      headerBytes,
      encodeCompactSize(transactions.length),
      ...transactions.map((tx) => tx.bytes),
    ),
    strippedSize: stripped,
    weight,
  }
}

/**
 * Reads a block that a miner handed in. Like Bitcoin Core's submitblock it adds the witness reserved value of 32 zero bytes when
 * the coinbase commits to witnesses but came without its own.
 *
 * @throws {BitcoinError} when the bytes are no block.
 */
export function loadSubmittedBlock(bytes: Uint8Array): LoadedBlock {
  const block = parseBlock(bytes)
  const [coinbase, ...rest] = block.transactions
  if (coinbase === undefined || !isCoinbase(coinbase)) return loadBlock(block)
  return loadBlock({ header: block.header, transactions: [withReservedValue(coinbase), ...rest] })
}

function withReservedValue(coinbase: Transaction): Transaction {
  const input = coinbase.inputs[0]!
  if (input.witness.length > 0 || findWitnessCommitment(coinbase.outputs) === undefined) return coinbase
  return { ...coinbase, inputs: [{ ...input, witness: [WITNESS_RESERVED_VALUE] }] }
}
