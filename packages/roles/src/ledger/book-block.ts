import { displayHash } from '@sv2/bitcoin'
import type { BlockRecord } from '@sv2/journal'
import { partOf } from '../payouts/part-of.ts'
import { SOLO_PAYOUT } from '../payouts/solo.ts'
import type { Accounts } from './accounts.ts'
import { type Booking, POOL } from './bookings.ts'
import { type CoinbasePayments, coinbasePayments, paysFinder } from './coinbase-payments.ts'
import type { GivenDistributions } from './given-distributions.ts'
import type { LedgerSettings } from './settings.ts'
import { type AccountKey, splitExactly } from './split-exactly.ts'

/** What a booking is made from besides the block. */
export interface BookingDeps {
  /** The node that found it, or that heard of it. */
  readonly node: number
  readonly settings: LedgerSettings
  readonly accounts: Accounts
  readonly given: GivenDistributions
  /** Weights by which a block is split that is found now. */
  readonly weights: () => Map<AccountKey, bigint>
}

/** Books what the coinbase of a block has paid, and who has earned it. */
export function bookingOf(found: BlockRecord, deps: BookingDeps): Booking {
  const { node, accounts } = deps
  const block = withDistribution(found, deps)
  const finder = block.account === 0 ? undefined : accounts.key(node, block.account)
  const payments = paymentsOf(block, finder, deps)
  const { total, outside, paid } = payments
  const { fee, earned } = earnedBy(block, { ...payments, finder }, deps)
  return {
    hash: displayHash(block.hash),
    height: block.height,
    time: block.time,
    distributionId: block.distributionId,
    finder,
    workerName: accounts.worker(node, block.worker),
    total,
    outside,
    fee,
    paid,
    earned,
  }
}

/** A block that the chain told of names no distribution: it is that whose outputs it has, or its finder's. */
function withDistribution(block: BlockRecord, { given, settings, accounts }: BookingDeps): BlockRecord {
  if (block.source !== 'chain' || block.distributionId !== 0n) return block
  const known = given.paidBy(block.coinbase)?.distribution.id
  const isSolo = paysFinder(block.coinbase, settings, accounts.keys())
  return { ...block, distributionId: known ?? (isSolo ? SOLO_PAYOUT : 0n) }
}

function paymentsOf(
  block: BlockRecord,
  finder: AccountKey | undefined,
  { settings: { poolScript, scheme }, accounts, given }: BookingDeps,
): CoinbasePayments {
  const known = given.find(block.distributionId)
  if (known !== undefined) return coinbasePayments(block.coinbase, poolScript, known.distribution)
  if (scheme.scheme === 'solo' && finder !== undefined)
    return coinbasePayments(block.coinbase, poolScript, new Set([finder]))
  const all = block.distributionId === 0n ? new Set<AccountKey>() : accounts.keys()
  return coinbasePayments(block.coinbase, poolScript, all)
}

/** Who has earned what by a block. Its split is that of its own distribution, whatever shares came since. */
function earnedBy(
  { distributionId }: BlockRecord,
  { total, outside, paid, finder }: CoinbasePayments & { readonly finder: AccountKey | undefined },
  { settings, given, weights: present }: BookingDeps,
): { readonly fee: bigint; readonly earned: Map<AccountKey, bigint> } {
  if (distributionId === SOLO_PAYOUT) return { fee: paid.get(POOL)!, earned: new Map(paid) }
  const ours = total - outside
  const { scheme } = settings.scheme
  if (scheme === 'fpps') return { fee: ours, earned: new Map([[POOL, ours]]) }
  // a round ends with its block: shares that came since the distribution was made are part of it
  const weights = scheme === 'round' ? undefined : given.find(distributionId)?.weights
  // where the distribution is forgotten, after all, the weights of now come closest
  const fee = partOf(ours, settings.feePpm)
  const earned = splitExactly(ours - fee, weights ?? present())
  if (earned.size > 0) return { fee, earned: earned.set(POOL, fee) }
  // nobody has earned any of it yet: then the finder has
  if (finder === undefined) return { fee: ours, earned: new Map([[POOL, ours]]) }
  return {
    fee,
    earned: new Map([
      [finder, ours - fee],
      [POOL, fee],
    ]),
  }
}
