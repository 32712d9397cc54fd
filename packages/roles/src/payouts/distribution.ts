import type { TxOutput } from '@sv2/bitcoin'

/**
 * How the reward of a block is split: weights, not money, because a coinbase's outputs have to be known before its
 * value is. It has the form of extension 0x0003 (SetPayoutDistribution), so that one object serves the pool's own
 * coinbases, job negotiator clients, and every node of a pool.
 */
export interface Distribution {
  /** Strictly increasing, one sequence for the whole pool; 0 is never used. */
  readonly id: bigint
  /** Gets what the others do not: its fee, what is dust, what is rounded off. */
  readonly pool: Payee
  /** Most important first: a coinbase with little room pays the first of them. */
  readonly payouts: readonly MinerPayee[]
  /** Outputs of value 0 that the pool wants behind those of the miners. */
  readonly additionalOutputs: readonly TxOutput[]
}

/** A script and its part of the sum of all weights. */
export interface Payee {
  readonly script: Uint8Array
  /** 1 … 2^63 - 1. */
  readonly weight: bigint
}

export interface MinerPayee extends Payee {
  /** Less than this, in satoshi, is not paid; u32. */
  readonly dustLimit: number
}

/** What a distribution makes of a reward. */
export interface RewardSplit {
  /** Satoshi of the pool's output. */
  readonly pool: bigint
  /** Satoshi of each payout, in the order of the distribution; 0: dust, and no output. */
  readonly payouts: readonly bigint[]
}

/**
 * Splits a reward: ⌊weight · total / sum of weights⌋ each, nothing for what is below its dust limit, the rest to the
 * pool. Parts add up to the total.
 * @param total satoshi
 */
export function splitReward({ pool, payouts }: Distribution, total: bigint): RewardSplit {
  const sum = payouts.reduce((weights, { weight }) => weights + weight, pool.weight)
  let rest = total
  const paid = payouts.map(({ weight, dustLimit }) => {
    const amount = (weight * total) / sum
    if (amount < BigInt(dustLimit)) return 0n
    rest -= amount
    return amount
  })
  return { pool: rest, payouts: paid }
}

/** The outputs of a coinbase in their order: pool, miners, additional ones. Those of the template stand behind them. */
export function rewardOutputs(distribution: Distribution, total: bigint): TxOutput[] {
  const { pool, payouts } = splitReward(distribution, total)
  const outputs: TxOutput[] = [{ value: pool, script: distribution.pool.script }]
  for (const [at, value] of payouts.entries())
    if (value > 0n) outputs.push({ value, script: distribution.payouts[at]!.script })
  return [...outputs, ...distribution.additionalOutputs]
}

/**
 * The distribution for a coinbase that has room for fewer miners: the first of them, and the weights of all others with
 * the pool, which keeps what they are owed.
 */
export function firstPayouts(distribution: Distribution, most: number): Distribution {
  if (distribution.payouts.length <= most) return distribution
  const { pool, payouts } = distribution
  const held = payouts.slice(most).reduce((weights, { weight }) => weights + weight, 0n)
  return {
    ...distribution,
    pool: { ...pool, weight: pool.weight + held },
    payouts: payouts.slice(0, most),
  }
}
