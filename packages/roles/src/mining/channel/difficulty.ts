import { difficultyToTarget, targetToDifficulty } from '@sv2/bitcoin'

/** A share target with its difficulty. Levels are interned: channels at the same difficulty share one object. */
export interface Level {
  readonly difficulty: number
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array
}

/** Shares of difficulty 1 take 2^32 hashes (difficulty 1 is target 0x00000000ffff00…). */
export const HASHES_PER_DIFFICULTY = 2 ** 48 / 0xffff

/** Difficulty at which a device of this hash rate (H/s) finds so many shares a minute. */
export function difficultyFor(hashrate: number, sharesPerMinute: number): number {
  return (hashrate * 60) / (sharesPerMinute * HASHES_PER_DIFFICULTY)
}

/** Hash rate, H/s, of a device that finds so many shares a minute at this difficulty. */
export function hashrateFor(difficulty: number, sharesPerMinute: number): number {
  return (difficulty * sharesPerMinute * HASHES_PER_DIFFICULTY) / 60
}

/** Difficulties between these have targets of their own: at 2^-32 nearly every hash will do, 2^224 would be zero. */
const EASIEST_LOG2 = -32
const HARDEST_LOG2 = 223

/** The difficulties a node uses: powers of 2^(1/steps), so that targets can be shared by all channels. */
export class Ladder {
  readonly #steps: number
  readonly #levels = new Map<number, Level>()

  /** @param stepsPerDoubling 1 for powers of two; 4 keeps the share rate within 9 % of what is wanted. */
  constructor(stepsPerDoubling: number) {
    this.#steps = stepsPerDoubling
  }

  /** The level nearest to a difficulty. */
  nearest(difficulty: number): Level {
    return this.#level(Math.round(Math.log2(difficulty) * this.#steps))
  }

  /** The easiest level that is not easier than a difficulty. */
  atLeast(difficulty: number): Level {
    return this.#level(Math.ceil(Math.log2(difficulty) * this.#steps))
  }

  /** The hardest level that is not harder than a difficulty. */
  atMost(difficulty: number): Level {
    return this.#level(Math.floor(Math.log2(difficulty) * this.#steps))
  }

  #level(unbound: number): Level {
    const step = Math.min(Math.max(unbound, EASIEST_LOG2 * this.#steps), HARDEST_LOG2 * this.#steps)
    const known = this.#levels.get(step)
    if (known !== undefined) return known
    const difficulty = 2 ** (step / this.#steps)
    const level = { difficulty, target: difficultyToTarget(difficulty) }
    this.#levels.set(step, level)
    return level
  }
}

/** A level off the ladder, for a target that an upstream or a client dictates. */
export function exactLevel(target: Uint8Array): Level {
  return { difficulty: targetToDifficulty(target), target }
}
