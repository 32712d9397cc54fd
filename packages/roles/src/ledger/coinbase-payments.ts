import { equalBytes, hex, parseTransaction, type TxOutput } from '@sv2/bitcoin'
import type { Distribution } from '../payouts/distribution.ts'
import { type SoloTerms, soloOutputs } from '../payouts/solo.ts'
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
export type MinerScripts =
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
  miners: MinerScripts,
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

/** Whether a coinbase is one of a solo door: one account gets all of it, less the fee, which stands in front. */
export function paysFinder(
  coinbase: Uint8Array,
  terms: SoloTerms,
  accounts: ReadonlySet<AccountKey>,
): boolean {
  const outputs = parseTransaction(coinbase).outputs.filter(({ value }) => value > 0n)
  const finder = outputs[1]?.script
  if (finder === undefined || !accounts.has(hex(finder))) return false
  const total = outputs.reduce((sum, { value }) => sum + value, 0n)
  return isSame(outputs, soloOutputs(finder, terms, total))
}

function isSame(outputs: readonly TxOutput[], wanted: readonly TxOutput[]): boolean {
  return (
    outputs.length === wanted.length &&
    wanted.every(
      ({ value, script }, at) => outputs[at]!.value === value && equalBytes(outputs[at]!.script, script),
    )
  )
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
