import type { Millis } from '../role.ts'

/** How difficulty follows a device. */
export interface VardiffSettings {
  /** Shares a minute to aim at. */
  readonly sharesPerMinute: number
}

/**
 * Time constant of the moving average, ms (half-life 55 s). Long enough to tell a halving from chance at
 * 12 shares a minute, short enough to do so within two minutes (vardiff.test.ts).
 */
const TAU_MS = 80_000
/** Standard deviations of a normal distribution that count as evidence: about one chance in eighty. */
const GATE = 2.25
/** Deviations of the rate that are left alone however sure they are. */
const DEAD_BAND = { low: 0.75, high: 1.35 }
/** Shares before the difficulty may rise: a lucky start proves nothing. */
const MIN_SHARES_TO_RAISE = 4
/** Weight of the belief that the rate is right, in shares; keeps one step within reason when evidence is thin. */
const PRIOR_SHARES = 0.5

/**
 * The share rate of one channel at its present difficulty: an exponentially weighted average of accepted shares
 * since the last change, and the question whether it is still the rate that was aimed at.
 *
 * Theory of operation. `count` is the sum of e^(−age/τ) over the shares, `mass` the same integral over the time
 * observed, so `count / mass` is the rate without start-up bias. Under the aimed rate λ the weighted count has mean
 * λ·mass and variance λ·mass₂ (mass₂ with τ/2); scaled by mean/variance it is close to a Poisson variable, whose
 * exact tails decide. Silence lowers `count` while `mass` grows, so it is evidence like any other.
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
  share(weight: number, now: Millis): void {
    this.#decay(now)
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
    this.#decay(now)
    const age = now - this.#start
    if (age <= 0) return undefined
    const perMs = settings.sharesPerMinute / 60_000
    const expected = perMs * TAU_MS * (1 - Math.exp(-age / TAU_MS))
    const variance = perMs * (TAU_MS / 2) * (1 - Math.exp((-2 * age) / TAU_MS))
    const scale = expected / variance
    const seen = this.#count * scale
    const mean = expected * scale
    const factor = (this.#count + PRIOR_SHARES) / (expected + PRIOR_SHARES)
    if (factor < DEAD_BAND.low) return tooFew(seen, mean) > GATE ? factor : undefined
    if (factor <= DEAD_BAND.high || this.#shares < MIN_SHARES_TO_RAISE) return undefined
    return tooMany(seen, mean) > GATE ? factor : undefined
  }

  #decay(now: Millis): void {
    if (now <= this.#updated) return
    this.#count *= Math.exp((this.#updated - now) / TAU_MS)
    this.#updated = now
  }
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
