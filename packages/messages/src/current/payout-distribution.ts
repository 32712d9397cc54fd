import { b0_64k, CodecError, encodeTlvs, findTlvs, seq0_64k, u32, u64 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'
import type { SetCustomMiningJob } from './custom-jobs.ts'
import type { CurrentMemory } from './memory.ts'
import type { DeclareMiningJob } from './negotiation.ts'

/** Payouts to many miners from declared jobs; a draft, and off unless it is negotiated. docs/wire.md §6.7. */
export const PAYOUT_DISTRIBUTION = 0x0003

const { message } = declarations('extensions', PAYOUT_DISTRIBUTION)

/** How the reward of a block is to be split, by weights. docs/wire.md §6.7. */
export const setPayoutDistribution = message('SetPayoutDistribution', 0x00, 'to-client', {
  /** Strictly increasing, one sequence for all connections of a pool. */
  distributionId: u64,
  /** A serialized output whose amount is a weight, and not 0. */
  poolPayout: b0_64k,
  /** The same for miners. */
  payouts: seq0_64k(b0_64k),
  /** Satoshi, one for each of the payouts. */
  dustLimits: seq0_64k(u32),
  /** Serialized outputs of amount 0. */
  additionalOutputs: seq0_64k(b0_64k),
})
export type SetPayoutDistribution = MessageOf<typeof setPayoutDistribution>

const DISTRIBUTION_ID = 0x01
const ID_SIZE = 8

/** A message that may name the distribution which its job follows. */
type NamesDistribution = DeclareMiningJob | SetCustomMiningJob

/** Takes the id of a distribution off the end of a job, where the extension is negotiated. @throws {CodecError} */
export function readDistributionId<M extends NamesDistribution>(
  job: M,
  tail: Uint8Array,
  memory: CurrentMemory,
): M {
  if (!memory.distributesPayouts) return job
  const field = findTlvs(tail, (extensionType) => extensionType === PAYOUT_DISTRIBUTION).find(
    ({ fieldType }) => fieldType === DISTRIBUTION_ID,
  )
  if (field === undefined) return job
  const { value } = field
  if (value.length !== ID_SIZE)
    throw new CodecError(
      value.length > ID_SIZE ? 'over-long' : 'truncated',
      `a distribution id of ${value.length} bytes`,
    )
  const distributionId = new DataView(value.buffer, value.byteOffset, ID_SIZE).getBigUint64(0, true)
  return { ...job, distributionId }
}

/** The TLV field of a job that follows a distribution; nothing where the extension is not negotiated. */
export function writeDistributionId(
  { distributionId }: NamesDistribution,
  memory: CurrentMemory,
): Uint8Array | undefined {
  if (!memory.distributesPayouts || distributionId === undefined) return undefined
  const value = new Uint8Array(ID_SIZE)
  new DataView(value.buffer).setBigUint64(0, distributionId, true)
  return encodeTlvs(
    [{ extensionType: PAYOUT_DISTRIBUTION, fieldType: DISTRIBUTION_ID, value }],
    memory.tlvByteOrder,
  )
}
