import {
  addCoinbaseWitness,
  assembleBlock,
  BitcoinError,
  concatBytes,
  displayHash,
  encodeHeader,
  encodeStripped,
  encodeTransaction,
  findWitnessCommitment,
  hasWitness,
  isCoinbase,
  meetsTarget,
  merkleRootFromPath,
  parseTransaction,
  type Sha256d,
  type Transaction,
} from '@sv2/bitcoin'
import type { SubmitSolution } from '@sv2/messages'
import type { SubmitBlock } from './facts.ts'
import type { SolvableTemplate } from './template.ts'

/** Builds the block of a solution, or says why it is not a block (TP-25). */
export function buildBlock(
  template: SolvableTemplate,
  solution: SubmitSolution,
  sha256d: Sha256d,
): SubmitBlock | { readonly kind: 'refused'; readonly reason: string } {
  const coinbase = readCoinbase(solution.coinbaseTx)
  if (typeof coinbase === 'string') return { kind: 'refused', reason: coinbase }
  const stripped = encodeStripped(coinbase)
  const header = encodeHeader({
    version: solution.version,
    prevHash: template.prevHash,
    merkleRoot: merkleRootFromPath(sha256d(stripped), template.merklePath, sha256d),
    ntime: solution.headerTimestamp,
    nbits: template.nbits,
    nonce: solution.headerNonce,
  })
  const hash = sha256d(header)
  if (!meetsTarget(hash, template.target)) {
    return { kind: 'refused', reason: `hash ${displayHash(hash)} is above the network target` }
  }
  const transactions = [blockCoinbase(coinbase), ...template.transactions]
  return {
    kind: 'submitBlock',
    hash: displayHash(hash),
    height: template.height,
    templateId: template.templateId,
    block: assembleBlock(header, transactions),
  }
}

function readCoinbase(bytes: Uint8Array): Transaction | string {
  try {
    const tx = parseTransaction(bytes)
    return isCoinbase(tx) ? tx : 'coinbase_tx is not a coinbase'
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error
    return `coinbase_tx is not a transaction: ${error.message}`
  }
}

/** A client that stripped the witness in spite of TPC-05 gets it back: the block would be lost without it. */
function blockCoinbase(coinbase: Transaction): Uint8Array {
  if (hasWitness(coinbase) || findWitnessCommitment(coinbase.outputs) === undefined)
    return encodeTransaction(coinbase)
  const stripped = encodeStripped(coinbase)
  const full = addCoinbaseWitness(stripped.subarray(0, 42), stripped.subarray(42))
  return concatBytes(full.prefix, full.suffix)
}
