import { equalBytes, parseTransaction } from '@sv2/bitcoin'
import { type Distribution, rewardOutputs } from '../payouts/distribution.ts'
import {
  amountsOf,
  distributionOf,
  type GivenSnapshot,
  textOf,
  textOfDistribution,
} from './ledger-snapshot.ts'
import { type AccountKey, renamed } from './split-exactly.ts'

/**
 * Tips for which a distribution is kept after it was made, and after the last job that used it: a block may be found late, and
 * its share may be the first that the journal has of its job.
 */
const TIPS_KEPT = 3

/** A distribution, and the weights it was made of: with those that the coinbase does not list. */
export interface GivenDistribution {
  readonly distribution: Distribution
  readonly weights: ReadonlyMap<AccountKey, bigint>
}

interface Kept {
  readonly distribution: Distribution
  weights: GivenDistribution['weights']
  /** Number of the tip at which it was made, or a job used it last. */
  usedAt: number
}

/** Distributions that a block may still be found on. */
export class GivenDistributions {
  readonly #kept = new Map<bigint, Kept>()
  #tip: number
  #lastId: bigint

  constructor(snapshot: GivenSnapshot = { tip: 0, lastId: '0', kept: [] }) {
    this.#tip = snapshot.tip
    this.#lastId = BigInt(snapshot.lastId)
    for (const { distribution: text, weights, usedAt } of snapshot.kept) {
      const distribution = distributionOf(text)
      this.#kept.set(distribution.id, { distribution, weights: amountsOf(weights), usedAt })
    }
  }

  get snapshot(): GivenSnapshot {
    return {
      tip: this.#tip,
      lastId: this.#lastId.toString(),
      kept: [...this.#kept.values()].map(({ distribution, weights, usedAt }) => ({
        distribution: textOfDistribution(distribution),
        weights: textOf(weights),
        usedAt,
      })),
    }
  }

  /** Id of the newest; 0: there is none yet. */
  get lastId(): bigint {
    return this.#lastId
  }

  add(given: GivenDistribution): void {
    const { id } = given.distribution
    this.#lastId = id
    this.#kept.set(id, { ...given, usedAt: this.#tip })
  }

  /** A job was made by it. */
  use(id: bigint): void {
    const kept = this.#kept.get(id)
    if (kept !== undefined) kept.usedAt = this.#tip
  }

  /** The newest one is kept, however old it is. */
  /** An account goes by another key. */
  rename(from: AccountKey, to: AccountKey): void {
    for (const kept of this.#kept.values()) kept.weights = renamed(kept.weights, from, to)
  }

  newTip(): void {
    this.#tip++
    for (const [id, { usedAt }] of this.#kept)
      if (usedAt + TIPS_KEPT < this.#tip && id !== this.#lastId) this.#kept.delete(id)
  }

  /** The one that a coinbase was made by, told by its outputs; undefined when none has them. */
  paidBy(coinbase: Uint8Array): GivenDistribution | undefined {
    const { outputs } = parseTransaction(coinbase)
    const total = outputs.reduce((sum, { value }) => sum + value, 0n)
    return [...this.#kept.values()].find(({ distribution }) =>
      rewardOutputs(distribution, total).every(
        ({ value, script }, at) => outputs[at]?.value === value && equalBytes(outputs[at].script, script),
      ),
    )
  }

  /** Undefined when it was never made, or is forgotten. */
  find(id: bigint): GivenDistribution | undefined {
    return this.#kept.get(id)
  }
}
