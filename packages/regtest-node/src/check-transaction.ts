import { isCoinbase, MAX_COINBASE_SCRIPT_SIZE, MIN_COINBASE_SCRIPT_SIZE } from '@sv2/bitcoin'
import { type LoadedTransaction, spentOutpoint } from './loaded-transaction.ts'

/** All coins there can ever be, in satoshi. */
export const MAX_MONEY = 2_100_000_000_000_000n

/** What is wrong with a transaction whatever the chain looks like, in Bitcoin Core's words; undefined when nothing is. */
export function checkTransaction({ tx, strippedSize }: LoadedTransaction): string | undefined {
  if (tx.inputs.length === 0) return 'bad-txns-vin-empty'
  if (tx.outputs.length === 0) return 'bad-txns-vout-empty'
  if (4 * strippedSize > 4_000_000) return 'bad-txns-oversize'
  let total = 0n
  for (const { value } of tx.outputs) {
    if (value >= 1n << 63n) return 'bad-txns-vout-negative'
    if (value > MAX_MONEY) return 'bad-txns-vout-toolarge'
    total += value
    if (total > MAX_MONEY) return 'bad-txns-txouttotal-toolarge'
  }
  if (new Set(tx.inputs.map(spentOutpoint)).size !== tx.inputs.length) return 'bad-txns-inputs-duplicate'
  if (isCoinbase(tx)) {
    const { length } = tx.inputs[0]!.scriptSig
    return length < MIN_COINBASE_SCRIPT_SIZE || length > MAX_COINBASE_SCRIPT_SIZE
      ? 'bad-cb-length'
      : undefined
  }
  const spendsNull = tx.inputs.some(
    (input) => input.prevIndex === 0xffffffff && input.prevTxid.every((b) => b === 0),
  )
  return spendsNull ? 'bad-txns-prevout-null' : undefined
}
