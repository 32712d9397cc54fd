import { equalBytes, hex, parseTransaction } from '@sv2/bitcoin'
import type { Distribution } from '../payouts/distribution.ts'
import { POOL } from './bookings.ts'
import type { AccountKey } from './split-exactly.ts'

/** What a coinbase pays, by account. Satoshi. */
export interface CoinbasePayments {
  readonly total: bigint
  /** To scripts that are neither the pool's nor those of its miners. */
  readonly outside: bigint
  readonly paid: ReadonlyMap<AccountKey, bigint>
}

/** Which scripts of a coinbase are miners of ours. */
export type Miners =
  /** Those of a distribution, in its order: what a client adds behind them is its own. */
  | Pick<Distribution, 'payouts'>
  /** Any of these accounts: nothing is known of how the coinbase was made. */
  | ReadonlySet<AccountKey>

/**
 * Reads what a coinbase pays from its bytes, without witness.
 * @throws {BitcoinError} when the bytes are not a transaction
 */
export function coinbasePayments(
  coinbase: Uint8Array,
  poolScript: Uint8Array,
  miners: Miners,
): CoinbasePayments {
  const paid = new Map<AccountKey, bigint>([[POOL, 0n]])
  const payeeOf = 'payouts' in miners ? inOrder(miners.payouts) : among(miners)
  let total = 0n
  let outside = 0n
  for (const { value, script } of parseTransaction(coinbase).outputs) {
    total += value
    const payee = equalBytes(script, poolScript) ? POOL : payeeOf(script)
    if (payee === undefined) outside += value
    else if (value > 0n) paid.set(payee, (paid.get(payee) ?? 0n) + value)
  }
  return { total, outside, paid }
}

/** Outputs of miners stand in the order of the distribution; those that are dust are missing. */
function inOrder(payouts: Distribution['payouts']): (script: Uint8Array) => AccountKey | undefined {
  let next = 0
  return (script) => {
    for (let at = next; at < payouts.length; at++) {
      if (!equalBytes(payouts[at]!.script, script)) continue
      next = at + 1
      return hex(script)
    }
    return undefined
  }
}

function among(accounts: ReadonlySet<AccountKey>): (script: Uint8Array) => AccountKey | undefined {
  return (script) => {
    const key = hex(script)
    return accounts.has(key) ? key : undefined
  }
}
