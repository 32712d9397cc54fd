import { MAX_BLOCK_SIGOPS_COST } from '@sv2/bitcoin'
import { subsidyAtHeight } from './chain-params.ts'
import { MAX_MONEY } from './check-transaction.ts'
import { type Coin, type CoinChanges, type CoinSource, CoinsOverlay } from './coins.ts'
import type { LoadedBlock } from './loaded-block.ts'
import { type LoadedTransaction, outpointKey, spentOutpoint } from './loaded-transaction.ts'
import { type LockContext, relativeLocksMet } from './locks.ts'
import { sigopsCost } from './sigops.ts'

/** What inputs are judged by: the coins, the locks, the maturity, and a verifier of signatures that may remember its verdicts. */
export type SpendContext = LockContext & {
  readonly coins: CoinSource
  readonly coinbaseMaturity: number
  readonly verify: (tx: LoadedTransaction, coins: readonly Coin[]) => string | undefined
}

/** A judged transaction, or why it may not spend what it spends. */
export type SpendVerdict =
  | { readonly fee: bigint; readonly coins: readonly Coin[] }
  | { readonly reason: string }

/** Looks up what a transaction spends and checks amounts and maturity, not locks nor signatures. */
export function checkSpend({ tx }: LoadedTransaction, context: SpendContext): SpendVerdict {
  const coins: Coin[] = []
  let paidIn = 0n
  for (const input of tx.inputs) {
    const coin = context.coins.get(spentOutpoint(input))
    if (coin === undefined) return { reason: 'bad-txns-inputs-missingorspent' }
    if (coin.coinbase && context.height - coin.height < context.coinbaseMaturity) {
      return { reason: 'bad-txns-premature-spend-of-coinbase' }
    }
    coins.push(coin)
    paidIn += coin.value
  }
  if (paidIn > MAX_MONEY) return { reason: 'bad-txns-inputvalues-outofrange' }
  const paidOut = tx.outputs.reduce((sum, output) => sum + output.value, 0n)
  return paidIn < paidOut ? { reason: 'bad-txns-in-belowout' } : { fee: paidIn - paidOut, coins }
}

/** Judges all spends of a block on top of its parent: the changes it makes to the coins, or a BIP 22 reject reason. */
export function connectBlock(
  block: LoadedBlock,
  context: SpendContext,
): CoinChanges | { readonly reason: string } {
  const overlay = new CoinsOverlay(context.coins)
  const inner = { ...context, coins: overlay }
  let fees = 0n
  let sigops = 0
  const toVerify: (readonly [LoadedTransaction, readonly Coin[]])[] = []
  for (const [index, loaded] of block.transactions.entries()) {
    const verdict = index === 0 ? { fee: 0n, coins: [] } : checkSpend(loaded, inner)
    if ('reason' in verdict) return verdict
    if (!relativeLocksMet(loaded.tx, verdict.coins, context)) return { reason: 'bad-txns-nonfinal' }
    fees += verdict.fee
    sigops += sigopsCost(loaded.tx, verdict.coins)
    if (sigops > MAX_BLOCK_SIGOPS_COST) return { reason: 'bad-blk-sigops' }
    if (!moveCoins(overlay, loaded, verdict.coins, context.height, index === 0))
      return { reason: 'bad-txns-BIP30' }
    if (index > 0) toVerify.push([loaded, verdict.coins])
  }
  const reward = block.transactions[0]!.tx.outputs.reduce((sum, output) => sum + output.value, 0n)
  if (reward > subsidyAtHeight(context.height) + fees) return { reason: 'bad-cb-amount' }
  for (const [loaded, coins] of toVerify) {
    const problem = context.verify(loaded, coins)
    if (problem !== undefined) return { reason: `mandatory-script-verify-flag-failed (${problem})` }
  }
  return overlay
}

function moveCoins(
  overlay: CoinsOverlay,
  { tx, id }: LoadedTransaction,
  coins: readonly Coin[],
  height: number,
  coinbase: boolean,
): boolean {
  for (const [i, coin] of coins.entries()) overlay.spend(spentOutpoint(tx.inputs[i]!), coin)
  for (const [index, { value, script }] of tx.outputs.entries()) {
    const key = outpointKey(id, index)
    if (overlay.get(key) !== undefined) return false
    // its own bytes: a view would keep the whole block in memory
    if (script[0] !== OP_RETURN) overlay.add(key, { value, script: script.slice(), height, coinbase })
  }
  return true
}

const OP_RETURN = 0x6a
