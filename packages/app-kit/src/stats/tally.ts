import { WorkRing } from './work-ring.ts'

const MINUTE_MS = 60_000

/** Reasons of refusals that are told apart in one tally; further ones count as `other`. */
const MOST_REASONS = 24

/** What was counted of shares. */
export class Tally {
  accepted = 0
  refused = 0
  /** Sum of the difficulties of accepted shares. */
  work = 0
  /** Difficulty of the best hash of an accepted share. */
  best = 0
  blocks = 0
  /** Unix ms of the last accepted share; undefined before the first one. */
  lastShareAt: number | undefined
  /** By code; undefined while nothing was refused. */
  #reasons: Map<string, number> | undefined
  readonly #rates: Rates

  /** @param rates how much of its history is kept */
  constructor(rates: Rates) {
    this.#rates = rates
  }

  accept(
    share: { readonly difficulty: number; readonly count: number; readonly best: number },
    now: number,
  ): void {
    this.accepted += share.count
    this.work += share.difficulty
    if (share.best > this.best) this.best = share.best
    this.lastShareAt = now
    this.#rates.add(share.difficulty, now)
  }

  refuse(code: string): void {
    this.refused++
    this.#reasons ??= new Map()
    const known = this.#reasons.has(code) || this.#reasons.size < MOST_REASONS ? code : 'other'
    this.#reasons.set(known, (this.#reasons.get(known) ?? 0) + 1)
  }

  get reasons(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#reasons ?? [])
  }

  /** H/s by accepted shares. */
  hashrate(overMs: number, now: number): number {
    return this.#rates.hashrate(overMs, now)
  }

  /** H/s in slices of a minute (the last hour) or of ten minutes (the last day). */
  history(of: 'hour' | 'day', now: number): { readonly at: number; readonly hashrate: number }[] {
    return this.#rates.history(of, now)
  }
}

/** How fast work came in. */
export interface Rates {
  add(difficulty: number, now: number): void
  hashrate(overMs: number, now: number): number
  history(of: 'hour' | 'day', now: number): { readonly at: number; readonly hashrate: number }[]
}

/** The last hour by minutes, and the last day by ten minutes: 1.6 kB, made with the first share. */
export class DayOfRates implements Rates {
  #minutes: WorkRing | undefined
  #day: WorkRing | undefined

  add(difficulty: number, now: number): void {
    this.#minutes ??= new WorkRing(61, MINUTE_MS)
    this.#day ??= new WorkRing(145, 10 * MINUTE_MS)
    this.#minutes.add(difficulty, now)
    this.#day.add(difficulty, now)
  }

  hashrate(overMs: number, now: number): number {
    const ring = overMs <= 60 * MINUTE_MS ? this.#minutes : this.#day
    return ring?.hashrate(overMs, now) ?? 0
  }

  history(of: 'hour' | 'day', now: number): { readonly at: number; readonly hashrate: number }[] {
    return (of === 'hour' ? this.#minutes : this.#day)?.history(now) ?? []
  }
}

/** The last ten minutes alone. */
export class TenMinutesOfRates implements Rates {
  #ring: WorkRing | undefined

  add(difficulty: number, now: number): void {
    this.#ring ??= new WorkRing(11, MINUTE_MS)
    this.#ring.add(difficulty, now)
  }

  hashrate(overMs: number, now: number): number {
    return this.#ring?.hashrate(Math.min(overMs, 10 * MINUTE_MS), now) ?? 0
  }

  history(): { readonly at: number; readonly hashrate: number }[] {
    return []
  }
}
