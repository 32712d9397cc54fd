import type { Millis } from '../../ground/role.ts'

/** What a difficulty algorithm looks like from outside. */
export interface Algorithm {
  share(weight: number, now: Millis): void
  restart(now: Millis): void
  /** The factor by which the difficulty has to change; undefined: leave it. */
  verdict(now: Millis): number | undefined
}

export interface Course {
  readonly algorithm: (now: Millis) => Algorithm
  readonly seed: number
  /** What the device finds at difficulty 1, shares a minute, at a time. */
  readonly rate: (now: Millis) => number
  /** Difficulty to begin with. */
  readonly start: number
  readonly untilMs: number
  /** The device goes on with its old target for this long after a change, ms. */
  readonly lagMs?: number
}

export interface Outcome {
  /** Changes of difficulty: when, and to what. */
  readonly changes: readonly { readonly at: Millis; readonly difficulty: number }[]
  readonly shares: number
  /** Difficulty at a time. */
  readonly at: (now: Millis) => number
}

/** How often a channel is looked at between shares. */
const LOOK_MS = 5_000
/** Steps of the ladder per doubling. */
const STEPS = 4

/** One device, its shares drawn at random, its difficulty steered by an algorithm; no hashing, no waiting. */
export function runCourse(course: Course): Outcome {
  const random = mulberry32(course.seed)
  const algorithm = course.algorithm(0)
  const changes: { at: Millis; difficulty: number }[] = []
  let difficulty = onLadder(course.start)
  let mined = difficulty
  let appliesAt = 0
  let shares = 0
  const adjust = (now: Millis) => {
    const factor = algorithm.verdict(now)
    if (factor === undefined) return
    algorithm.restart(now)
    const wanted = onLadder(difficulty * factor)
    if (wanted === difficulty) return
    difficulty = wanted
    appliesAt = now + (course.lagMs ?? 0)
    changes.push({ at: now, difficulty })
  }
  // thinning in small steps: the chance of a share in 50 ms is small, or there are several
  const step = 50
  for (let now = step; now <= course.untilMs; now += step) {
    if (now >= appliesAt) mined = difficulty
    const mean = ((course.rate(now) / mined) * step) / 60_000
    for (let found = poisson(mean, random); found > 0; found--) {
      shares++
      algorithm.share(mined / difficulty, now)
      adjust(now)
    }
    if (now % LOOK_MS === 0) adjust(now)
  }
  return {
    changes,
    shares,
    at: (now) => changes.findLast(({ at }) => at <= now)?.difficulty ?? onLadder(course.start),
  }
}

/** The nearest difficulty of the ladder. */
function onLadder(difficulty: number): number {
  return 2 ** (Math.round(Math.log2(difficulty) * STEPS) / STEPS)
}

/** A generator of numbers in 0 … 1 that always begins alike for a seed. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function poisson(mean: number, random: () => number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = random(); product > limit; product *= random()) count++
  return count
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
