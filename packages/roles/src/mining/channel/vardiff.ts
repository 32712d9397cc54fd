import type { Millis } from '../../ground/role.ts'

/** How difficulty follows a device. */
export interface VardiffSettings {
  /** Shares a minute to aim at. */
  readonly sharesPerMinute: number
}

/**
 * Time constant of the moving average, in shares at the aimed rate: evidence comes in shares, whatever they are aimed
 * at. 85 s at 12 shares a minute; longer is steadier, and too slow for a halving to be told from chance in time.
 */
const MEMORY_SHARES = 17
/** Bounds of that time constant, ms. */
const TAU_MS = { min: 20_000, max: 300_000 }
/**
 * Standard deviations of a normal distribution that count as evidence. Too few shares are believed sooner than too
 * many: a drop shows in less than half as much evidence, and a device that starves is worse off than one that talks.
 */
const GATE = { lower: 2, raise: 3 }
/** Deviations of the rate that are left alone however sure they are. */
const DEAD_BAND = { low: 0.75, high: 1.35 }
/** Shares before the difficulty may rise: a lucky start proves nothing. */
const MIN_SHARES_TO_RAISE = 4
/** Weight of the belief that the rate is right, in shares; keeps one step within reason when evidence is thin. */
const PRIOR_SHARES = 2.5

/**
 * The share rate of one channel at its present difficulty: an exponentially weighted average of accepted work since
 * the last change, and the question whether it is still the rate that was aimed at.
 *
 * Theory of operation. `count` is the sum of weight · e^(−age/τ) over the shares; under the aimed rate λ its mean is
 * λ·mass (mass: the integral of e^(−age/τ) over the time observed) and its variance λ·mass₂ (with τ/2). Scaled by
 * mean/variance it is close to a Poisson variable, whose exact tails decide. Silence lowers `count` while `mass`
 * grows, so it is evidence like any other.
 *
 * What it reaches at 12 shares a minute, simulated with 600 devices (vardiff.test.ts, sim/mining-world.test.ts): 3 min
 * after a halving of the hash rate 92 % of them are within a factor 1.7 of the right difficulty and 98 % within 2, after
 * a doubling 96 % and 99 %; 5 min after a start 1000 times too low 98 %, too high 95 %. A steady device sees 6.6 changes
 * an hour around the right difficulty (root mean square 20 %). Less than 0.1 % of the shares are refused on the way. A
 * fixed window (72 shares or 240 s) has followed 1 % of the halvings after 3 min.
 */
export class Vardiff {
  #count = 0
  #shares = 0
  #start: Millis
  #updated: Millis

  constructor(now: Millis) {
    this.#start = now
    this.#updated = now
  }

  /**
   * Counts one accepted share.
   * @param weight its difficulty as a part of the present one: shares of a job with an easier target prove less.
   */
  share(weight: number, settings: VardiffSettings, now: Millis): void {
    this.#decay(tauOf(settings), now)
    this.#count += Math.min(weight, 1)
    this.#shares++
  }

  /** Starts observing anew, after a change of difficulty. */
  restart(now: Millis): void {
    this.#count = 0
    this.#shares = 0
    this.#start = now
    this.#updated = now
  }

  /**
   * The factor by which the difficulty has to change, or undefined while the evidence does not suffice.
   * Above 1 for a device that finds shares too often.
   */
  verdict(settings: VardiffSettings, now: Millis): number | undefined {
    const tau = tauOf(settings)
    this.#decay(tau, now)
    const age = now - this.#start
    if (age <= 0) return undefined
    const perMs = settings.sharesPerMinute / 60_000
    const expected = perMs * tau * (1 - Math.exp(-age / tau))
    const variance = perMs * (tau / 2) * (1 - Math.exp((-2 * age) / tau))
    const scale = expected / variance
    const seen = this.#count * scale
    const mean = expected * scale
    const factor = (this.#count + PRIOR_SHARES) / (expected + PRIOR_SHARES)
    if (factor < DEAD_BAND.low) return tooFew(seen, mean) > GATE.lower ? factor : undefined
    if (factor <= DEAD_BAND.high || this.#shares < MIN_SHARES_TO_RAISE) return undefined
    return tooMany(seen, mean) > GATE.raise ? factor : undefined
  }

  #decay(tau: number, now: Millis): void {
    if (now <= this.#updated) return
    this.#count *= Math.exp((this.#updated - now) / tau)
    this.#updated = now
  }
}

function tauOf(settings: VardiffSettings): number {
  const tau = (MEMORY_SHARES * 60_000) / settings.sharesPerMinute
  return Math.min(Math.max(tau, TAU_MS.min), TAU_MS.max)
}

/** How improbable it is to see so few: the normal deviate of P(X ≤ seen) for a Poisson X. */
function tooFew(seen: number, mean: number): number {
  return chiSquareDeviate(2 * mean, 2 * (seen + 1))
}

/** How improbable it is to see so many: the normal deviate of P(X ≥ seen). */
function tooMany(seen: number, mean: number): number {
  return -chiSquareDeviate(2 * mean, 2 * Math.max(seen, 0.5))
}

/** Wilson and Hilferty's cube-root transformation of a chi-square variable into a standard normal one. */
function chiSquareDeviate(value: number, freedom: number): number {
  const spread = 2 / (9 * freedom)
  return (Math.cbrt(value / freedom) - (1 - spread)) / Math.sqrt(spread)
}
