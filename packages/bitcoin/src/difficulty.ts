import { bigintToTarget, DIFFICULTY_ONE_TARGET, MAX_TARGET, targetToBigint } from './target.ts'

const TWO_256 = 1n << 256n
const DIFFICULTY_ONE = targetToBigint(DIFFICULTY_ONE_TARGET)

/** How many times harder than difficulty 1 a target is. Infinity for the target zero. */
export function targetToDifficulty(target: Uint8Array): number {
  return Number(DIFFICULTY_ONE) / Number(targetToBigint(target))
}

/** Bytes of a hash that a double holds exactly. */
const EXACT_BYTES = 6

/** By the place of a hash's highest byte that counts: difficulty 1 in units of its sixth byte from there. */
const DIFFICULTY_ONE_AT = Float64Array.from(
  { length: 32 },
  (_, top) => (0xffff * 2 ** 208) / 2 ** (8 * (top + 1 - EXACT_BYTES)),
)

/** How many times harder than difficulty 1 a hash is, by its first 41 bits and more. @param hash 32 bytes, little-endian */
export function hashToDifficulty(hash: Uint8Array): number {
  let top = hash.length - 1
  while (top >= EXACT_BYTES && hash[top] === 0) top--
  let value = 0
  for (let at = top; at > top - EXACT_BYTES; at--) value = value * 256 + (hash[at] ?? 0)
  return DIFFICULTY_ONE_AT[top]! / Math.max(value, 1)
}

/**
 * The target of a difficulty, `floor(difficulty-1 target / difficulty)` without rounding in between; fractions are fine.
 * A difficulty too small for 256 bits gives MAX_TARGET.
 *
 * @throws {RangeError} unless the difficulty is finite and above zero.
 */
export function difficultyToTarget(difficulty: number): Uint8Array {
  if (!Number.isFinite(difficulty) || difficulty <= 0) throw new RangeError(`no difficulty: ${difficulty}`)
  const { numerator, denominator } = fraction(difficulty)
  return clampedTarget((DIFFICULTY_ONE * denominator) / numerator)
}

/**
 * The share target at which a miner of `hashrate` (hashes per second) sends `sharesPerMinute` shares on average:
 * `floor((2^256 - s) / (s + 1))` where `s = hashrate · 60 / sharesPerMinute` is the hashes a share takes.
 *
 * @throws {RangeError} unless hashrate is finite and not negative, and sharesPerMinute finite and above zero.
 */
export function hashrateToTarget(hashrate: number, sharesPerMinute: number): Uint8Array {
  if (!Number.isFinite(hashrate) || hashrate < 0) throw new RangeError(`no hashrate: ${hashrate}`)
  if (!Number.isFinite(sharesPerMinute) || sharesPerMinute <= 0)
    throw new RangeError(`no share rate: ${sharesPerMinute}`)
  const rate = fraction(hashrate)
  const shares = fraction(sharesPerMinute)
  const numerator = rate.numerator * 60n * shares.denominator
  const denominator = rate.denominator * shares.numerator
  if (numerator >= TWO_256 * denominator) return new Uint8Array(32)
  return clampedTarget((TWO_256 * denominator - numerator) / (numerator + denominator))
}

/** The hashrate, in hashes per second, that finds `sharesPerMinute` shares of this target on average. */
export function targetToHashrate(target: Uint8Array, sharesPerMinute: number): number {
  return (hashesPerShare(target) * sharesPerMinute) / 60
}

/** How many hashes a share of this target takes on average: `2^256 / (target + 1)`. The work a share proves. */
export function hashesPerShare(target: Uint8Array): number {
  return Number(TWO_256) / Number(targetToBigint(target) + 1n)
}

function clampedTarget(value: bigint): Uint8Array {
  return value >= TWO_256 ? MAX_TARGET.slice() : bigintToTarget(value)
}

// A double is an integer times a power of two; doubling until it is an integer loses nothing.
function fraction(value: number): { readonly numerator: bigint; readonly denominator: bigint } {
  let scaled = value
  let halvings = 0n
  while (!Number.isInteger(scaled)) {
    scaled *= 2
    halvings++
  }
  return { numerator: BigInt(scaled), denominator: 1n << halvings }
}
