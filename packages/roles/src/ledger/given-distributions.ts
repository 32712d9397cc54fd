import { equalBytes, parseTransaction } from '@sv2/bitcoin'
import { type Distribution, rewardOutputs } from '../payouts/distribution.ts'
import type { AccountKey } from './split-exactly.ts'

/** Tips for which a distribution is kept after the last job that used it: a block may be found late. */
const TIPS_KEPT = 3

/** A distribution, and the weights it was made of: with those that the coinbase does not list. */
export interface GivenDistribution {
  readonly distribution: Distribution
  readonly weights: ReadonlyMap<AccountKey, bigint>
}

interface Kept extends GivenDistribution {
  /** Number of the tip at which a job used it last; undefined: no job has. */
  usedAt: number | undefined
}

/** Distributions that a block may still be found on. */
export class GivenDistributions {
  readonly #kept = new Map<bigint, Kept>()
  #tip = 0
  #lastId = 0n

  /** Id of the newest; 0: there is none yet. */
  get lastId(): bigint {
    return this.#lastId
  }

  /** The newest one is kept, and the one before it, since a client may still be about to use that. */
  add(given: GivenDistribution): void {
    const { id } = given.distribution
    this.#lastId = id
    this.#kept.set(id, { ...given, usedAt: undefined })
    for (const [old, { usedAt }] of this.#kept)
      if (usedAt === undefined && old + 1n < id) this.#kept.delete(old)
  }

  /** A job was made by it. */
  use(id: bigint): void {
    const kept = this.#kept.get(id)
    if (kept !== undefined) kept.usedAt = this.#tip
  }

  newTip(): void {
    this.#tip++
    for (const [id, { usedAt }] of this.#kept)
      if (usedAt !== undefined && usedAt + TIPS_KEPT < this.#tip && id !== this.#lastId) this.#kept.delete(id)
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
