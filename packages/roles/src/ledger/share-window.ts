import { SCORE_OF_A_BLOCK, scoreOf } from './score.ts'
import { type AccountKey, renamed } from './split-exactly.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** How old a span of time is before it is merged into one of the next size, ms. */
const MINUTES_KEPT = 2 * HOUR
const HOURS_KEPT = 3 * DAY

/** Work by account, of shares at one difficulty of the network. */
type Works = Map<AccountKey, bigint>

/** The work of a span of time. */
interface Span {
  /** Unix ms, a multiple of `length`. */
  readonly start: number
  readonly length: number
  /** By the work that a block took. */
  readonly works: Map<bigint, Works>
}

/** A share, as far as money is concerned. */
export interface CreditedShare {
  /** Unix ms. */
  readonly time: number
  readonly account: AccountKey
  /** Hashes, after what a miner's own job pays to others was taken off. */
  readonly work: bigint
  readonly networkWork: bigint
}

/** The work that a share counts: that of one block at most. */
export function creditedWork({ work, networkWork }: Pick<CreditedShare, 'work' | 'networkWork'>): bigint {
  const isMore = work > networkWork
  return isMore ? networkWork : work
}

/** A window as plain data, see `ShareWindow.state`. */
export interface WindowState {
  readonly newest: number
  readonly spans: readonly {
    readonly start: number
    readonly length: number
    readonly works: readonly (readonly [
      networkWork: string,
      works: readonly (readonly [AccountKey, string])[],
    ])[]
  }[]
}

/**
 * The last so many expected blocks of work, by account. Work stands in spans of time: minutes at first, hours and days when
 * they are older, so that memory does not grow with the number of shares. Sums of whole numbers have no order: the
 * same shares make the same scores, whichever node's come first, and nobody's rounding depends on another's shares.
 */
export class ShareWindow {
  /** By start, the oldest first. */
  #spans: Span[] = []
  readonly #size: bigint
  /** Time of the newest share. */
  #newest: number

  /** @param size score of the whole window, see `SCORE_OF_A_BLOCK` */
  constructor(size: bigint, state: WindowState = { newest: 0, spans: [] }) {
    this.#size = size
    this.#newest = state.newest
    for (const { start, length, works } of state.spans) {
      const read = works.map(
        ([network, of]) => [BigInt(network), new Map(of.map(([key, work]) => [key, BigInt(work)]))] as const,
      )
      this.#spans.push({ start, length, works: new Map(read) })
    }
  }

  /** Adds work. A share counts as one block at most, or an easy network would give one share all of a window. */
  add(share: CreditedShare): void {
    const { time, account, networkWork } = share
    const work = creditedWork(share)
    const { works } = this.#span(time)
    const known = works.get(networkWork)
    if (known === undefined) works.set(networkWork, new Map([[account, work]]))
    else known.set(account, (known.get(account) ?? 0n) + work)
    if (time <= this.#newest) return
    if (time - (time % MINUTE) > this.#newest) this.#merge(time)
    if (time - (time % DAY) > this.#newest) this.#forget()
    this.#newest = time
  }

  /**
   * Scores of the window, newest work first; of the oldest span that is reached the part that fits, for every account in it
   * alike. To ask for them changes nothing.
   */
  scores(): Map<AccountKey, bigint> {
    this.#merge(this.#newest)
    const whole = new Map<bigint, Works>()
    let left = this.#size
    let at = this.#spans.length - 1
    for (; at >= 0; at--) {
      const score = scoreOfSpan(this.#spans[at]!)
      if (score > left) break
      left -= score
      collect(whole, this.#spans[at]!)
    }
    const scores = scoresOf(whole)
    const oldest = this.#spans[at]
    if (oldest === undefined || left === 0n) return scores
    const score = scoreOfSpan(oldest)
    for (const [account, of] of scoresOf(oldest.works)) {
      const part = (of * left) / score
      if (part > 0n) scores.set(account, (scores.get(account) ?? 0n) + part)
    }
    return scores
  }

  /** An account goes by another key. */
  rename(from: AccountKey, to: AccountKey): void {
    for (const { works } of this.#spans)
      for (const [networkWork, of] of works) if (of.has(from)) works.set(networkWork, renamed(of, from, to))
  }

  /** Forgets all work, as a round does when its block is found. */
  clear(): void {
    this.#spans = []
  }

  /** All of it as plain data, the same for the same work. */
  get state(): WindowState {
    this.#merge(this.#newest)
    const spans = this.#spans.map(({ start, length, works }) => ({
      start,
      length,
      works: sorted(works).map(([network, of]) => {
        const each = sorted(of).map(([key, work]) => [key, work.toString()] as const)
        return [network.toString(), each] as const
      }),
    }))
    return { newest: this.#newest, spans }
  }

  /** The span that a time falls into; one more minute when there is none. */
  #span(time: number): Span {
    let at = this.#spans.length - 1
    while (at >= 0 && this.#spans[at]!.start > time) at--
    const known = this.#spans[at]
    if (known !== undefined && time < known.start + known.length) return known
    const length = lengthAt(time, this.#newest)
    const start = time - (time % length)
    // minutes before it may have been merged while it was missing
    const before = this.#spans[at]
    if (before !== undefined && start < before.start + before.length) return before
    const span: Span = { start, length, works: new Map() }
    this.#spans.splice(at + 1, 0, span)
    return span
  }

  /**
   * Days that the window does not reach are forgotten. Hours and minutes are not: they become part of a day or hour that it
   * may reach.
   */
  #forget(): void {
    let left = this.#size
    let at = this.#spans.length - 1
    while (at > 0 && left > 0n) left -= scoreOfSpan(this.#spans[at--]!)
    this.#spans = this.#spans.filter(({ length }, place) => place >= at || length < DAY)
  }

  #merge(now: number): void {
    const merged: Span[] = []
    for (const span of this.#spans) {
      const length = Math.max(span.length, lengthAt(span.start, now))
      const start = span.start - (span.start % length)
      const last = merged.at(-1)
      if (last !== undefined && start < last.start + last.length) collect(last.works, span)
      else merged.push(length === span.length ? span : { start, length, works: collect(new Map(), span) })
    }
    this.#spans = merged
  }
}

/** Everything in one span of the past is of one length: it depends on its age alone. */
function lengthAt(time: number, now: number): number {
  const dayEnd = time - (time % DAY) + DAY
  if (dayEnd + HOURS_KEPT <= now) return DAY
  const hourEnd = time - (time % HOUR) + HOUR
  return hourEnd + MINUTES_KEPT <= now ? HOUR : MINUTE
}

function collect(into: Map<bigint, Works>, span: Span): Map<bigint, Works> {
  for (const [networkWork, works] of span.works) {
    const known = into.get(networkWork)
    if (known === undefined) into.set(networkWork, new Map(works))
    else for (const [account, work] of works) known.set(account, (known.get(account) ?? 0n) + work)
  }
  return into
}

function scoresOf(all: ReadonlyMap<bigint, Works>): Map<AccountKey, bigint> {
  const scores = new Map<AccountKey, bigint>()
  for (const [networkWork, works] of all)
    for (const [account, work] of works)
      scores.set(account, (scores.get(account) ?? 0n) + scoreOf(work, networkWork))
  return scores
}

function scoreOfSpan({ works }: Span): bigint {
  let score = 0n
  for (const [networkWork, of] of works) {
    let work = 0n
    for (const one of of.values()) work += one
    score += (work * SCORE_OF_A_BLOCK) / networkWork
  }
  return score
}

function sorted<K extends bigint | string, V>(map: ReadonlyMap<K, V>): [K, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}
