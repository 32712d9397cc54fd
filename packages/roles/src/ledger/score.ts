/**
 * What one expected block is worth: a score is work in parts of the work that a block takes, so that a window over many
 * blocks survives changes of the network's difficulty.
 */
export const SCORE_OF_A_BLOCK: bigint = 1n << 40n

/** Score of so many hashes where a block takes `networkWork`; rounded down. */
export function scoreOf(work: bigint, networkWork: bigint): bigint {
  return (work * SCORE_OF_A_BLOCK) / networkWork
}
