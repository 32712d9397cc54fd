import { hex, unhex } from '@sv2/bitcoin'
import type { Distribution, MinerPayee } from '../payouts/distribution.ts'
import { partOf } from '../payouts/part-of.ts'
import type { LedgerSettings } from './settings.ts'
import { type AccountKey, compare, splitExactly } from './split-exactly.ts'

/** What a distribution is made of. */
export interface DistributionInput {
  readonly id: bigint
  /** The value of a coinbase of this time, satoshi. A block of another value is split in the same proportion. */
  readonly value: bigint
  /** By which the value is split, less the fee. */
  readonly weights: ReadonlyMap<AccountKey, bigint>
  /** What accounts are owed from before, or have to pay back, see `Bookings.available`. */
  readonly available: ReadonlyMap<AccountKey, bigint>
}

/**
 * Who is paid by the coinbases to come. Weights are satoshi at the expected value: what an account earns by the block, more
 * what it is owed from before, less what it was paid too much.
 *
 * What was held back earlier lies with the pool. So it is paid out of the pool's own output and never out of another
 * miner's part; where that output is too small, the rest waits.
 */
export function makeDistribution(input: DistributionInput, settings: LedgerSettings): Distribution {
  const { id, value, weights, available } = input
  const { feePpm, dustLimit, maxPayouts } = settings
  const earned = splitExactly(value - partOf(value, feePpm), weights)
  const wanted = new Map(earned)
  for (const [account, balance] of available)
    if (balance !== 0n) wanted.set(account, (wanted.get(account) ?? 0n) + balance)

  const limit = BigInt(Math.max(dustLimit, 1))
  const listed = [...wanted]
    .filter(([account, amount]) => amount >= limit && isPayable(account, settings))
    .sort(([a, of], [b, other]) => compare(other, of) || compare(a, b))
    .slice(0, maxPayouts)
  const payable = withinMeans(listed, earned, value)
  const payouts = payable
    .filter(([, weight]) => weight >= limit)
    .map(([account, weight]): MinerPayee => ({ script: unhex(account), weight, dustLimit }))
  const rest = payouts.reduce((left, { weight }) => left - weight, value)
  const additionalOutputs = (settings.additionalScripts ?? []).map((script) => ({ value: 0n, script }))
  return { id, pool: { script: settings.poolScript, weight: rest }, payouts, additionalOutputs }
}

/** An account with a script of its own; what is owed to the pool's script is in the pool's output. */
function isPayable(account: AccountKey, { poolScript }: LedgerSettings): boolean {
  return !account.startsWith('name:') && account !== hex(poolScript)
}

/**
 * Cuts repayments to what the pool's output has: everything but 1 satoshi, since the output is never left out. Where even
 * what is earned leaves it none, the largest payout gives that 1.
 */
function withinMeans(
  listed: readonly (readonly [AccountKey, bigint])[],
  earned: ReadonlyMap<AccountKey, bigint>,
  value: bigint,
): [AccountKey, bigint][] {
  const own = listed.map(([account, amount]) => {
    const part = earned.get(account) ?? 0n
    return amount < part ? amount : part
  })
  let means = own.reduce((left, part) => left - part, value) - 1n
  if (means < 0n) {
    own[indexOfLargest(own)]! += means
    means = 0n
  }
  return listed.map(([account, amount], at): [AccountKey, bigint] => {
    const part = own[at]!
    const more = amount - part
    const paid = more < 0n ? 0n : more < means ? more : means
    means -= paid
    return [account, part + paid]
  })
}

function indexOfLargest(values: readonly bigint[]): number {
  return values.reduce((largest, value, at) => (value > values[largest]! ? at : largest), 0)
}
