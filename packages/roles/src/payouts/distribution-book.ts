import { equalBytes, type TxOutput } from '@sv2/bitcoin'
import { type Distribution, rewardOutputs } from './distribution.ts'

/** Which distributions the jobs of miners may follow: the newest, and the one before it where no block was settled since. */
export class DistributionBook {
  #newest: Distribution | undefined
  #before: Distribution | undefined

  /** Undefined before the first one. */
  get newest(): Distribution | undefined {
    return this.#newest
  }

  /**
   * Takes a distribution; false when it is not newer than the newest.
   * @param voids a block was settled: no earlier one may be followed
   */
  take(distribution: Distribution, { voids }: { readonly voids: boolean }): boolean {
    if (this.#newest !== undefined && distribution.id <= this.#newest.id) return false
    this.#before = voids ? undefined : this.#newest
    this.#newest = distribution
    return true
  }

  /** Why a job may not follow a distribution; undefined when its outputs are those of one that it may follow. */
  fault(
    id: bigint | undefined,
    outputs: readonly TxOutput[],
  ): 'stale-payout-distribution' | 'invalid-payout-distribution' | undefined {
    if (id === undefined) return 'invalid-payout-distribution'
    const followed = [this.#newest, this.#before].find((known) => known?.id === id)
    if (followed === undefined) return 'stale-payout-distribution'
    return follows(outputs, followed) ? undefined : 'invalid-payout-distribution'
  }
}

/** Whether the outputs of a coinbase are those of a distribution, and behind them outputs without value alone. */
function follows(outputs: readonly TxOutput[], distribution: Distribution): boolean {
  const total = outputs.reduce((sum, { value }) => sum + value, 0n)
  const wanted = rewardOutputs(distribution, total)
  if (outputs.length < wanted.length) return false
  return outputs.every(({ value, script }, place) => {
    const output = wanted[place]
    if (output === undefined) return value === 0n
    return value === output.value && equalBytes(script, output.script)
  })
}
