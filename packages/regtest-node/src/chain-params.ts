import { blockSubsidy, NETWORKS } from '@sv2/bitcoin'
import type { BlockEntry } from './block-entry.ts'

/** The consensus rules in which embedded nodes may differ. Two nodes can be peers only when theirs are equal. */
export type ChainParams = {
  /** Confirmations before a coinbase may be spent. */
  readonly coinbaseMaturity: number
  /** Blocks up to this height have regtest's trivial difficulty, so that a node has funds at once. */
  readonly easyBlocks: number
  /** Compact target of all later blocks. Like regtest, it never changes. */
  readonly nbits: number
  /**
   * As on testnet3 and testnet4: a block whose time is more than so many seconds after its parent's has regtest's trivial
   * difficulty. Undefined: none has.
   */
  readonly minDifficultyAfterSec?: number | undefined
}

/** The compact target that a block on top of `parent` must carry, whose header has this time in Unix seconds. */
export function nbitsAfter(params: ChainParams, parent: BlockEntry, time: number): number {
  const { easyBlocks, minDifficultyAfterSec: seconds, nbits } = params
  const isLate = seconds !== undefined && time > parent.block.header.ntime + seconds
  return isLate || parent.height < easyBlocks ? NETWORKS.regtest.powLimitNbits : nbits
}

/** New coins, in satoshi, of a block of this height: regtest's halving every 150 blocks. */
export function subsidyAtHeight(height: number): bigint {
  return blockSubsidy(height, 'regtest')
}
