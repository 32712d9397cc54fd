import { hex, unhex } from '@sv2/bitcoin'
import type { Distribution } from '../payouts/distribution.ts'
import type { BlockState, BookedBlock } from './bookings.ts'
import type { WindowState } from './share-window.ts'
import { type AccountKey, compare } from './split-exactly.ts'

/**
 * Version of `LedgerSnapshot`. It is raised when the form changes, and when a ledger would make other books of the same
 * journal: then what an earlier program has counted is not taken over.
 */
export const SNAPSHOT_VERSION = 2

/** Whole numbers by account, as text; by key. */
export type TextAmounts = readonly (readonly [AccountKey, string])[]

/** All that a ledger knows, as plain data that JSON can hold: a ledger made of it goes on as the first one would. */
export interface LedgerSnapshot {
  /** As `writeTerms` writes them. */
  readonly terms: string
  readonly cursors: readonly (readonly [node: number, next: number])[]
  readonly accounts: AccountsSnapshot
  /** In the order of booking. */
  readonly blocks: readonly BlockSnapshot[]
  readonly balances: TextAmounts
  /** Txids of payments that were booked. */
  readonly transactions: readonly string[]
  readonly accrued: TextAmounts
  readonly fees: LedgerState['fees']
  readonly given: GivenSnapshot
  /** Null with a scheme that keeps no work. */
  readonly window: WindowState | null
  readonly height: number
  readonly value: string
  /** Unix ms; null: no distribution was made yet. */
  readonly madeAt: number | null
  readonly isDue: boolean
}

/** The books as plain data, for comparing: the same for the same journal, bit by bit. */
export interface LedgerState {
  readonly cursors: readonly (readonly [node: number, next: number])[]
  readonly window: WindowState | undefined
  readonly balances: TextAmounts
  readonly accrued: TextAmounts
  readonly fees: readonly (readonly [height: number, fees: string])[]
  readonly blocks: readonly (readonly [hash: string, state: string, total: string, fee: string])[]
  readonly distributionId: string
}

/** Where an account is paid that is known by its name. */
export interface NamedAddress {
  readonly account: AccountKey
  /** When its owner signed for that, unix ms. */
  readonly signedAt: number
}

/** Names, by the numbers that each node gave them. */
export interface AccountsSnapshot {
  readonly names: readonly (readonly [AccountKey, string])[]
  /** By the keys that accounts have while they have no address. */
  readonly addresses: readonly (readonly [AccountKey, NamedAddress])[]
  readonly keys: readonly (readonly [node: number, keys: readonly (readonly [number, AccountKey])[]])[]
  readonly workers: readonly (readonly [node: number, names: readonly (readonly [number, string])[]])[]
}

/** A booked block. */
export interface BlockSnapshot {
  readonly hash: string
  readonly height: number
  readonly time: number
  readonly distributionId: string
  readonly finder: AccountKey | null
  readonly workerName: string
  readonly total: string
  readonly outside: string
  readonly fee: string
  readonly paid: TextAmounts
  readonly earned: TextAmounts
  readonly state: BlockState
  readonly confirmations: number
}

/** Distributions that a block may still be found on. */
export interface GivenSnapshot {
  readonly tip: number
  readonly lastId: string
  readonly kept: readonly {
    readonly distribution: DistributionText
    readonly weights: TextAmounts
    readonly usedAt: number
  }[]
}

interface DistributionText {
  readonly id: string
  readonly pool: readonly [script: string, weight: string]
  readonly payouts: readonly (readonly [script: string, weight: string, dustLimit: number])[]
  readonly additional: readonly (readonly [script: string, value: string])[]
}

/** Those of two ledgers are the same, in whatever order they heard of nodes and blocks. */
export function stateOf(snapshot: LedgerSnapshot): LedgerState {
  const { cursors, window, balances, accrued, fees, blocks, given } = snapshot
  return {
    cursors: [...cursors].sort(([a], [b]) => a - b),
    window: window ?? undefined,
    balances,
    accrued,
    fees,
    blocks: blocks
      .map(({ hash, state, total, fee }) => [hash, state, total, fee] as const)
      .sort(([a], [b]) => compare(a, b)),
    distributionId: given.lastId,
  }
}

/** Amounts as text: their order in a map is not kept, since it decides nothing. */
export function textOf(amounts: Iterable<readonly [AccountKey, bigint]>): TextAmounts {
  return [...amounts]
    .sort(([a], [b]) => compare(a, b))
    .map(([key, value]) => [key, value.toString()] as const)
}

/** The same back. */
export function amountsOf(text: TextAmounts): Map<AccountKey, bigint> {
  return new Map(text.map(([key, value]) => [key, BigInt(value)]))
}

export function snapshotOfBlock({ booking, state, confirmations }: BookedBlock): BlockSnapshot {
  const { hash, height, time, distributionId, finder, workerName, total, outside, fee, paid, earned } =
    booking
  return {
    hash,
    height,
    time,
    distributionId: distributionId.toString(),
    finder: finder ?? null,
    workerName,
    total: total.toString(),
    outside: outside.toString(),
    fee: fee.toString(),
    paid: textOf(paid),
    earned: textOf(earned),
    state,
    confirmations,
  }
}

export function blockOf({ state, confirmations, ...block }: BlockSnapshot): BookedBlock {
  const booking = {
    ...block,
    distributionId: BigInt(block.distributionId),
    finder: block.finder ?? undefined,
    total: BigInt(block.total),
    outside: BigInt(block.outside),
    fee: BigInt(block.fee),
    paid: amountsOf(block.paid),
    earned: amountsOf(block.earned),
  }
  return { booking, state, confirmations }
}

export function textOfDistribution(distribution: Distribution): DistributionText {
  const { id, pool, payouts, additionalOutputs } = distribution
  return {
    id: id.toString(),
    pool: [hex(pool.script), pool.weight.toString()],
    payouts: payouts.map(({ script, weight, dustLimit }) => [hex(script), weight.toString(), dustLimit]),
    additional: additionalOutputs.map(({ script, value }) => [hex(script), value.toString()]),
  }
}

export function distributionOf({ id, pool, payouts, additional }: DistributionText): Distribution {
  return {
    id: BigInt(id),
    pool: { script: unhex(pool[0]), weight: BigInt(pool[1]) },
    payouts: payouts.map(([script, weight, dustLimit]) => ({
      script: unhex(script),
      weight: BigInt(weight),
      dustLimit,
    })),
    additionalOutputs: additional.map(([script, value]) => ({ script: unhex(script), value: BigInt(value) })),
  }
}
