import { setImmediate } from 'node:timers/promises'
import {
  BIP54_COINBASE_SEQUENCE,
  type BlockHeader,
  bip54CoinbaseLocktime,
  buildCoinbase,
  coinbaseTxid,
  coinbaseWithWitness,
  concatBytes,
  encodeHeader,
  encodeHeightPush,
  meetsTarget,
  merkleRoot,
  nbitsToTarget,
  parseTransaction,
  type Transaction,
  type TxOutput,
  witnessCommitmentScript,
  witnessMerkleRoot,
} from '@sv2/bitcoin'
import { fastSha256d } from './fast-hash.ts'
import { type LoadedBlock, loadBlock } from './loaded-block.ts'
import type { LoadedTransaction } from './loaded-transaction.ts'

/** Hashes between two chances for the rest of the process. */
const HASHES_PER_TURN = 20_000

/** What a block of our own is made of. */
export type BlockPlan = {
  /** Hash of the parent, wire order. */
  readonly prevHash: Uint8Array
  readonly height: number
  readonly version: number
  readonly nbits: number
  /** Unix seconds. */
  readonly time: number
  readonly transactions: readonly LoadedTransaction[]
  /** Where the reward goes. */
  readonly reward: TxOutput
  /** Makes blocks of the same plan differ. */
  readonly extranonce: Uint8Array
}

/** Builds the block and searches its nonce, giving the rest of the process a turn now and then. */
export async function mineBlock(plan: BlockPlan): Promise<LoadedBlock> {
  const { header, transactions } = layOut(plan)
  const bytes = encodeHeader(header)
  const view = new DataView(bytes.buffer)
  const target = nbitsToTarget(plan.nbits)
  for (let nonce = 0; ; nonce++) {
    view.setUint32(76, nonce, true)
    if (meetsTarget(fastSha256d(bytes), target))
      return loadBlock({ header: { ...header, nonce }, transactions })
    if (nonce === 0xffffffff)
      throw new RangeError(
        `no nonce meets ${plan.nbits.toString(16)}: the difficulty is too high to mine here`,
      )
    if (nonce % HASHES_PER_TURN === HASHES_PER_TURN - 1) await setImmediate()
  }
}

/** The commitment output of a block holding these transactions after its coinbase. */
export function commitmentOutput(transactions: readonly LoadedTransaction[]): TxOutput {
  const wtxids = transactions.map((tx) => tx.wtxid)
  return {
    value: 0n,
    script: witnessCommitmentScript(witnessMerkleRoot(wtxids, fastSha256d), undefined, fastSha256d),
  }
}

function layOut(plan: BlockPlan): { header: BlockHeader; transactions: Transaction[] } {
  const { prefix, suffix } = buildCoinbase({
    version: 2,
    // Height, then the extranonce as a push.
    scriptSigPrefix: concatBytes(encodeHeightPush(plan.height), Uint8Array.of(plan.extranonce.length)),
    extranonceSize: plan.extranonce.length,
    sequence: BIP54_COINBASE_SEQUENCE,
    outputs: [plan.reward, commitmentOutput(plan.transactions)],
    locktime: bip54CoinbaseLocktime(plan.height),
  })
  const coinbase = coinbaseTxid(prefix, plan.extranonce, suffix, fastSha256d)
  const header = {
    version: plan.version,
    prevHash: plan.prevHash,
    merkleRoot: merkleRoot([coinbase, ...plan.transactions.map((tx) => tx.txid)], fastSha256d),
    ntime: plan.time,
    nbits: plan.nbits,
    nonce: 0,
  }
  const full = parseTransaction(coinbaseWithWitness(prefix, plan.extranonce, suffix))
  return { header, transactions: [full, ...plan.transactions.map(({ tx }) => tx)] }
}
