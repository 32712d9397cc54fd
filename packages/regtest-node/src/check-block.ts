import {
  countLegacySigops,
  encodeHeightPush,
  equalBytes,
  findWitnessCommitment,
  hasMutatedMerkleTree,
  hasWitness,
  isCoinbase,
  MAX_BLOCK_SIGOPS_COST,
  MAX_BLOCK_WEIGHT,
  meetsTarget,
  merkleRoot,
  nbitsToTarget,
  targetToBigint,
  witnessCommitment,
  witnessMerkleRoot,
} from '@sv2/bitcoin'
import { checkTransaction } from './check-transaction.ts'
import { fastSha256d } from './fast-hash.ts'
import type { LoadedBlock } from './loaded-block.ts'
import { isFinal } from './locks.ts'

const POW_LIMIT = targetToBigint(nbitsToTarget(0x207fffff))

/** Whether the hash is at or below the target its own nbits stand for, and that target is within regtest's limit. */
export function hasProofOfWork(block: LoadedBlock): boolean {
  const target = claimedTarget(block.header.nbits)
  return target !== undefined && targetToBigint(target) <= POW_LIMIT && meetsTarget(block.hash, target)
}

function claimedTarget(nbits: number): Uint8Array | undefined {
  try {
    return nbitsToTarget(nbits)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** What is wrong with a block whatever stands before it, as a BIP 22 reject reason; proof of work is checked apart. */
export function checkBlock(block: LoadedBlock): string | undefined {
  const txids = block.transactions.map((tx) => tx.txid)
  if (txids.length === 0) return 'bad-blk-length'
  if (!equalBytes(merkleRoot(txids, fastSha256d), block.header.merkleRoot)) return 'bad-txnmrklroot'
  if (hasMutatedMerkleTree(txids, fastSha256d)) return 'bad-txns-duplicate'
  if (4 * block.strippedSize > MAX_BLOCK_WEIGHT) return 'bad-blk-length'
  const [coinbase, ...others] = block.transactions
  if (!isCoinbase(coinbase!.tx)) return 'bad-cb-missing'
  if (others.some(({ tx }) => isCoinbase(tx))) return 'bad-cb-multiple'
  for (const loaded of block.transactions) {
    const problem = checkTransaction(loaded)
    if (problem !== undefined) return problem
  }
  const sigops = block.transactions.reduce((sum, { tx }) => sum + countLegacySigops(tx), 0)
  return 4 * sigops > MAX_BLOCK_SIGOPS_COST ? 'bad-blk-sigops' : undefined
}

/** What is wrong with a block at this height, given the median time of its parent, as a BIP 22 reject reason. */
export function checkBlockInContext(
  block: LoadedBlock,
  height: number,
  medianTimePast: number,
): string | undefined {
  if (!block.transactions.every(({ tx }) => isFinal(tx, height, medianTimePast))) return 'bad-txns-nonfinal'
  const { scriptSig } = block.transactions[0]!.tx.inputs[0]!
  const push = encodeHeightPush(height)
  if (!equalBytes(scriptSig.subarray(0, push.length), push)) return 'bad-cb-height'
  return checkWitnesses(block) ?? (block.weight > MAX_BLOCK_WEIGHT ? 'bad-blk-weight' : undefined)
}

function checkWitnesses(block: LoadedBlock): string | undefined {
  const [coinbase, ...others] = block.transactions
  const commitment = findWitnessCommitment(coinbase!.tx.outputs)
  if (commitment === undefined) {
    return block.transactions.some(({ tx }) => hasWitness(tx)) ? 'unexpected-witness' : undefined
  }
  const { witness } = coinbase!.tx.inputs[0]!
  if (witness.length !== 1 || witness[0]?.length !== 32) return 'bad-witness-nonce-size'
  const wtxids = others.map((tx) => tx.wtxid)
  const expected = witnessCommitment(witnessMerkleRoot(wtxids, fastSha256d), witness[0], fastSha256d)
  return equalBytes(expected, commitment) ? undefined : 'bad-witness-merkle-match'
}

/** Reasons that another block of the same hash might not share, so that the hash must not be remembered as bad. */
export function isMutation(reason: string): boolean {
  return MUTATIONS.has(reason)
}

const MUTATIONS: ReadonlySet<string> = new Set([
  'bad-txnmrklroot',
  'bad-txns-duplicate',
  'unexpected-witness',
  'bad-witness-nonce-size',
  'bad-witness-merkle-match',
])
