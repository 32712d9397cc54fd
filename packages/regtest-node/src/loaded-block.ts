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
import type { BlockArchive } from './block-archive.ts'
import { fastSha256d } from './fast-hash.ts'
import { type LoadedTransaction, loadTransaction } from './loaded-transaction.ts'

/** What of a block takes room: read again when it is asked for, once the block is archived. */
type Contents = {
  readonly transactions: readonly LoadedTransaction[]
  /** Full serialization. */
  readonly bytes: Uint8Array
}

/** A block with its hash and its transactions' hashes computed once. */
export class LoadedBlock {
  readonly header: BlockHeader
  /** 80 bytes. */
  readonly headerBytes: Uint8Array
  /** 32 bytes, wire order. */
  readonly hash: Uint8Array
  /** The hash as RPC prints it. */
  readonly id: string
  /** The hash of the block before, as RPC prints it. */
  readonly prevId: string
  readonly strippedSize: number
  readonly weight: number
  #contents: Contents | (() => Uint8Array)

  constructor(block: Block) {
    this.header = block.header
    this.headerBytes = encodeHeader(block.header)
    this.hash = fastSha256d(this.headerBytes)
    this.id = displayHash(this.hash)
    this.prevId = displayHash(block.header.prevHash)
    const { stripped, weight } = blockSize(block.transactions)
    this.strippedSize = stripped
    this.weight = weight
    const transactions = block.transactions.map(loadTransaction)
    // Not assembleBlock: a submitted block may lack its coinbase, which is for validation to say.
    const parts = transactions.map((tx) => tx.bytes)
    const bytes = concatBytes(this.headerBytes, encodeCompactSize(transactions.length), ...parts)
    this.#contents = { transactions, bytes }
  }

  get transactions(): readonly LoadedTransaction[] {
    return this.#read().transactions
  }

  /** Full serialization. */
  get bytes(): Uint8Array {
    return typeof this.#contents === 'function' ? this.#contents() : this.#contents.bytes
  }

  /** From now on its contents are in the archive. */
  archive(archive: BlockArchive): void {
    if (typeof this.#contents !== 'function') this.#contents = archive.add(this.#contents.bytes)
  }

  #read(): Contents {
    if (typeof this.#contents !== 'function') return this.#contents
    const bytes = this.#contents()
    return { bytes, transactions: parseBlock(bytes).transactions.map(loadTransaction) }
  }
}

/** Serializes and hashes a block. */
export function loadBlock(block: Block): LoadedBlock {
  return new LoadedBlock(block)
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
