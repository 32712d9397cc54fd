import type { Transaction } from '@sv2/bitcoin'
import type { Coin } from './coins.ts'

/** Locktimes below this are heights, from it on Unix times. */
const LOCKTIME_THRESHOLD = 500_000_000

const SEQUENCE_FINAL = 0xffffffff
const SEQUENCE_DISABLED = 0x80000000
const SEQUENCE_IS_TIME = 0x00400000
const SEQUENCE_VALUE = 0xffff

/** Whether a transaction may be in a block of this height whose parent has this median time (BIP 113). */
export function isFinal(tx: Transaction, height: number, medianTimePast: number): boolean {
  if (tx.locktime === 0) return true
  const reached = tx.locktime < LOCKTIME_THRESHOLD ? height : medianTimePast
  return tx.locktime < reached || tx.inputs.every((input) => input.sequence === SEQUENCE_FINAL)
}

/** What relative locks are measured against. */
export type LockContext = {
  readonly height: number
  /** Median time of the parent of the block in question. */
  readonly medianTimePast: number
  /** Median time of the block at a height of the active chain. */
  readonly medianTimeAt: (height: number) => number
}

/** Whether all relative locks of the inputs are over (BIP 68). `coins` in the order of the inputs. */
export function relativeLocksMet(tx: Transaction, coins: readonly Coin[], context: LockContext): boolean {
  if (tx.version < 2 || tx.version > 0x7fffffff) return true
  return tx.inputs.every(({ sequence }, i) => {
    if ((sequence & SEQUENCE_DISABLED) !== 0) return true
    const { height } = coins[i]!
    const value = sequence & SEQUENCE_VALUE
    if ((sequence & SEQUENCE_IS_TIME) === 0) return height + value <= context.height
    // Counted from the median time of the block before the coin's, in units of 512 seconds.
    return context.medianTimeAt(Math.max(height - 1, 0)) + value * 512 <= context.medianTimePast
  })
}
