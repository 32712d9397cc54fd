import type { SetPayoutDistribution } from '@sv2/messages'
import { MOST_OUTPUT_BYTES, roomOfDistribution } from '../../payouts/coinbase-room.ts'
import type { Distribution } from '../../payouts/distribution.ts'
import { readDistribution } from '../../payouts/distribution-message.ts'

/** The distribution that a pool has told; a text says why no job of ours can follow it. */
export function toldDistribution(message: SetPayoutDistribution): Distribution | string {
  const distribution = readDistribution(message)
  if (typeof distribution === 'string') return `a payout distribution: ${distribution}`
  const { outputSize } = roomOfDistribution(distribution)
  return outputSize > MOST_OUTPUT_BYTES
    ? `a payout distribution of ${outputSize} bytes of outputs, for which no job has room`
    : distribution
}
