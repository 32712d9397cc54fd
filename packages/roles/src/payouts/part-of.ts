/** Parts of a million, as fees are given in. */
const MILLION = 1_000_000n

/** A part of an amount, rounded down. @param ppm 0 … 1,000,000 */
export function partOf(amount: bigint, ppm: bigint): bigint {
  return (amount * ppm) / MILLION
}
