import type { TxOutput } from '@sv2/bitcoin'
import { partOf } from './part-of.ts'

/**
 * Stands in place of a distribution's id where a job pays the account that mines it, less the fee: on jobs of solo doors, their
 * shares and their blocks. No distribution has it: 2^63 - 1, the largest number that tables hold.
 */
export const SOLO_PAYOUT: bigint = 2n ** 63n - 1n

/** What a pool keeps of the blocks of its solo doors. */
export interface SoloTerms {
  /** Output script of the pool. */
  readonly poolScript: Uint8Array
  /** The pool's fee, parts of a million. */
  readonly feePpm: bigint
}

/**
 * What a coinbase pays that is all the finder's, less the fee: the pool first, as in every coinbase of the pool. Where there is
 * no fee, the finder alone.
 * @param script of the finder
 * @param total satoshi
 */
export function soloOutputs(
  script: Uint8Array,
  { poolScript, feePpm }: SoloTerms,
  total: bigint,
): readonly TxOutput[] {
  const fee = partOf(total, feePpm)
  const outputs = [
    { value: fee, script: poolScript },
    { value: total - fee, script },
  ]
  return outputs.filter(({ value }) => value > 0n)
}
