import type { UsedTokenFile } from '@sv2/app-kit'
import type { UsedToken } from '@sv2/roles/pool'

/** Tokens that have expired are looked for when there are so many more than after the last time. */
const SWEEP_EVERY = 10_000

/** Says what a token stands for, over all workers: the first job that any of them names. It is on disk before it is told. */
export class TokenDesk {
  readonly #file: UsedTokenFile
  readonly #used = new Map<string, UsedToken>()
  #sweepAt: number

  constructor(file: UsedTokenFile) {
    this.#file = file
    for (const token of file.used) this.#used.set(token.key, token)
    this.#sweepAt = this.#used.size + SWEEP_EVERY
  }

  get used(): readonly UsedToken[] {
    return [...this.#used.values()]
  }

  /** A worker wants a token to stand for a job. Answers what it stands for. @param now Unix ms */
  claim(token: UsedToken, now: number): UsedToken {
    const known = this.#used.get(token.key)
    if (known !== undefined) return known
    this.#file.add(token, now)
    this.#used.set(token.key, token)
    if (this.#used.size >= this.#sweepAt) this.#sweep(now)
    return token
  }

  #sweep(now: number): void {
    for (const [key, { until }] of this.#used) if (until <= now) this.#used.delete(key)
    this.#sweepAt = this.#used.size + SWEEP_EVERY
  }
}
