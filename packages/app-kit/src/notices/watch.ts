import { readableText } from '../readable-code.ts'
import type { Statistics } from '../stats/statistics.ts'
import type { Condition } from './notice.ts'

const MINUTE_MS = 60_000
/** Rates are compared once there is so much of a day, ms. */
const YOUNG_MS = 60 * MINUTE_MS
/** Refused shares are counted over this time, ms, and only where there are so many shares. */
const REFUSED_OVER_MS = 10 * MINUTE_MS
const FEW_SHARES = 20
/** A node without work for so long is told of, ms. */
const NO_WORK_MS = MINUTE_MS

/** When to tell. */
export interface WatchSettings {
  readonly workerSilentMs: number
  /** Percent that the rate of ten minutes lies below that of a day. */
  readonly hashrateFellPercent: number
  /** Percent of the shares of ten minutes. */
  readonly refusedPercent: number
  readonly diskLowBytes: number
}

/** What is looked at. */
export interface Watched {
  readonly stats: Statistics
  readonly ok: () => boolean
  /** Bytes that are free where the data is; undefined where that is not known. */
  readonly freeBytes: () => number | undefined
}

/** Finds what people want to hear of. */
export class Watch {
  readonly #settings: WatchSettings
  readonly #watched: Watched
  /** The oldest first. */
  #samples: { readonly at: number; readonly accepted: number; readonly refused: number }[] = []
  #withoutWorkSince: number | undefined

  constructor(settings: WatchSettings, watched: Watched) {
    this.#settings = settings
    this.#watched = watched
  }

  /** All that holds now. `now` in Unix ms. */
  conditions(now: number): Condition[] {
    this.#watched.stats.settle()
    return [
      ...this.#silentWorkers(now),
      ...this.#hashrate(now),
      ...this.#refusals(now),
      ...this.#work(now),
      ...this.#disk(),
    ]
  }

  *#silentWorkers(now: number): Iterable<Condition> {
    for (const account of this.#watched.stats.workers.accounts.values())
      for (const { name, tally, connectedAt } of account.workers.values()) {
        // one that never sent a share was never at work here
        if (tally.lastShareAt === undefined) continue
        const silentMs = now - Math.max(tally.lastShareAt, connectedAt)
        if (silentMs < this.#settings.workerSilentMs) continue
        const about = name === '' ? account.name : `${account.name}.${name}`
        yield { kind: 'workerSilent', about, text: `worker ${readableText(about)} sends no shares` }
      }
  }

  *#hashrate(now: number): Iterable<Condition> {
    const { total, startedAt } = this.#watched.stats
    if (now - startedAt < YOUNG_MS) return
    const [lately, before] = [total.hashrate(10 * MINUTE_MS, now), total.hashrate(24 * 60 * MINUTE_MS, now)]
    const fell = this.#settings.hashrateFellPercent
    if (before === 0 || lately > before * (1 - fell / 100)) return
    yield {
      kind: 'hashrateFell',
      about: '',
      text: `the hash rate is ${fell} % or more below that of the last day`,
    }
  }

  *#refusals(now: number): Iterable<Condition> {
    const { accepted, refused } = this.#watched.stats.total
    this.#samples.push({ at: now, accepted, refused })
    this.#samples = this.#samples.filter(({ at }) => now - at <= REFUSED_OVER_MS)
    const first = this.#samples[0]!
    const bad = refused - first.refused
    const all = accepted - first.accepted + bad
    if (all < FEW_SHARES || bad * 100 < all * this.#settings.refusedPercent) return
    yield {
      kind: 'sharesRefused',
      about: '',
      text: `${this.#settings.refusedPercent} % or more of the shares are refused`,
    }
  }

  *#work(now: number): Iterable<Condition> {
    if (this.#watched.ok()) this.#withoutWorkSince = undefined
    else this.#withoutWorkSince ??= now
    if (this.#withoutWorkSince === undefined || now - this.#withoutWorkSince < NO_WORK_MS) return
    yield { kind: 'noWork', about: '', text: 'there is nothing to mine on' }
  }

  *#disk(): Iterable<Condition> {
    const free = this.#watched.freeBytes()
    if (free === undefined || free >= this.#settings.diskLowBytes) return
    yield { kind: 'diskLow', about: '', text: 'the disk with the data is nearly full' }
  }
}
