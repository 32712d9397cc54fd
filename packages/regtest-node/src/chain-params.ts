import { blockSubsidy, NETWORKS } from '@sv2/bitcoin'

/** The consensus rules in which embedded nodes may differ. Two nodes can be peers only when theirs are equal. */
export type ChainParams = {
  /** Confirmations before a coinbase may be spent. */
  readonly coinbaseMaturity: number
  /** Blocks up to this height have regtest's trivial difficulty, so that a node has funds at once. */
  readonly easyBlocks: number
  /** Compact target of all later blocks. Like regtest, it never changes. */
  readonly nbits: number
}

/** The compact target that a block of this height must carry. */
export function nbitsAtHeight(params: ChainParams, height: number): number {
  return height <= params.easyBlocks ? NETWORKS.regtest.powLimitNbits : params.nbits
}

/** New coins, in satoshi, of a block of this height: regtest's halving every 150 blocks. */
export function subsidyAtHeight(height: number): bigint {
  return blockSubsidy(height, 'regtest')
}
