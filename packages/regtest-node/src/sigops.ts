import { countLegacySigops, type Transaction, witnessProgram } from '@sv2/bitcoin'
import type { Coin } from './coins.ts'

/**
 * The cost that BIP 141 limits to 80 000 a block: legacy operations times four, and one for each P2WPKH input. Taproot key
 * spends cost none; other inputs this node does not let through.
 *
 * @param coins what the inputs spend, in their order; empty for a coinbase.
 */
export function sigopsCost(tx: Transaction, coins: readonly Coin[]): number {
  const witness = coins.filter((coin) => {
    const program = witnessProgram(coin.script)
    return program?.version === 0 && program.data.length === 20
  })
  return 4 * countLegacySigops(tx) + witness.length
}
