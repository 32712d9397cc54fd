import { BitcoinError, encodeOutput, parseOutputs, type TxOutput } from '@sv2/bitcoin'
import type { SetPayoutDistribution } from '@sv2/messages'
import type { Distribution } from './distribution.ts'

/** What clients are told of a distribution. */
export function distributionMessage(distribution: Distribution): SetPayoutDistribution {
  const { id, pool, payouts, additionalOutputs } = distribution
  const weighted = ({ script, weight }: { readonly script: Uint8Array; readonly weight: bigint }) =>
    encodeOutput({ value: weight, script })
  return {
    type: 'SetPayoutDistribution',
    distributionId: id,
    poolPayout: weighted(pool),
    payouts: payouts.map(weighted),
    dustLimits: payouts.map(({ dustLimit }) => dustLimit),
    additionalOutputs: additionalOutputs.map(encodeOutput),
  }
}

/** The distribution that a pool has told, with bytes of its own; a text says why no job can follow it. */
export function readDistribution(message: SetPayoutDistribution): Distribution | string {
  const { distributionId: id, dustLimits } = message
  if (dustLimits.length !== message.payouts.length)
    return `${dustLimits.length} dust limits for ${message.payouts.length} payouts`
  try {
    const pool = oneOutput(message.poolPayout)
    const payouts = message.payouts.map(oneOutput)
    const additionalOutputs = message.additionalOutputs.map(oneOutput)
    if ([pool, ...payouts].some(({ value }) => value === 0n)) return 'a payout without weight'
    if (additionalOutputs.some(({ value }) => value !== 0n)) return 'an additional output with value'
    return {
      id,
      pool: { script: pool.script, weight: pool.value },
      payouts: payouts.map(({ script, value: weight }, place) => ({
        script,
        weight,
        dustLimit: dustLimits[place]!,
      })),
      additionalOutputs,
    }
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error
    return error.message
  }
}

/** @throws {BitcoinError} when the bytes are not one output */
function oneOutput(bytes: Uint8Array): TxOutput {
  return parseOutputs(bytes.slice(), 1)[0]!
}
