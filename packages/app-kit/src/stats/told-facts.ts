import { RecentTips } from '../recent-tips.ts'
import type { FactCounter } from '../start-role.ts'
import type { CountedFact } from './facts.ts'
import type { Statistics } from './statistics.ts'

type OpenedInfo = Parameters<Statistics['opened']>[0]
type SharesCounted = Extract<CountedFact, { readonly kind: 'sharesCounted' }>
type CountedShares = { -readonly [Key in keyof SharesCounted]: SharesCounted[Key] }

/** What one process tells another of its miners. */
export type ToldFact =
  | CountedFact
  | { readonly kind: 'connectionOpened'; readonly info: OpenedInfo }
  | { readonly kind: 'connectionClosed'; readonly session: number }

/** Facts that are told as they are; of those of a pool no others are counted. */
const TOLD: ReadonlySet<string> = new Set<CountedFact['kind']>([
  'minerConnected',
  'channelOpened',
  'channelClosed',
  'difficultyChanged',
  'shareRefused',
  'blockFound',
  'newTip',
])

/** Gathers the facts of a process for another one that counts them; accepted shares as sums for each channel. */
export class FactGatherer implements FactCounter {
  #facts: ToldFact[] = []
  /** By connection and channel; more than one where shares name workers. */
  readonly #shares = new Map<number, Map<number, CountedShares[]>>()

  opened({ session, port, remote, edition }: OpenedInfo): void {
    this.#facts.push({ kind: 'connectionOpened', info: { session, port, remote, edition } })
  }

  closed(session: number): void {
    this.#settleConnection(session)
    this.#facts.push({ kind: 'connectionClosed', session })
  }

  fact(fact: CountedFact): void {
    if (fact.kind === 'shareAccepted') return this.#count(fact)
    if (fact.kind === 'channelClosed') this.#settleChannel(fact.session, fact.channelId)
    if (TOLD.has(fact.kind)) this.#facts.push(fact)
  }

  /** Takes what was gathered, with or without the sums of channels that are open: those are many, and may wait. */
  take({ withSums }: { readonly withSums: boolean }): ToldFact[] {
    if (withSums) for (const session of [...this.#shares.keys()]) this.#settleConnection(session)
    const facts = this.#facts
    this.#facts = []
    return facts
  }

  #count(share: Extract<CountedFact, { readonly kind: 'shareAccepted' }>): void {
    const { session, channelId, worker, difficulty, hashDifficulty } = share
    const channels = this.#shares.get(session) ?? new Map<number, CountedShares[]>()
    if (channels.size === 0) this.#shares.set(session, channels)
    const counted = channels.get(channelId) ?? []
    if (counted.length === 0) channels.set(channelId, counted)
    const known = counted.find((one) => one.worker === worker)
    if (known === undefined) {
      const first = { difficulty, count: 1, best: hashDifficulty }
      counted.push({ kind: 'sharesCounted', session, channelId, worker, ...first })
      return
    }
    known.count++
    known.difficulty += difficulty
    if (hashDifficulty > known.best) known.best = hashDifficulty
  }

  #settleConnection(session: number): void {
    for (const counted of this.#shares.get(session)?.values() ?? []) this.#facts.push(...counted)
    this.#shares.delete(session)
  }

  #settleChannel(session: number, channelId: number): void {
    const channels = this.#shares.get(session)
    this.#facts.push(...(channels?.get(channelId) ?? []))
    channels?.delete(channelId)
  }
}

/** Numbers of connections that one process may have given out. */
const PER_PROCESS = 2 ** 32

/** Counts what several processes tell. Each has a number that no other has or had, below 2^21. */
export class ToldFacts {
  readonly #stats: Pick<Statistics, 'opened' | 'closed' | 'fact'>
  readonly #tips = new RecentTips()
  /** Open connections by process. */
  readonly #sessions = new Map<number, Set<number>>()

  constructor(stats: Pick<Statistics, 'opened' | 'closed' | 'fact'>) {
    this.#stats = stats
  }

  take(process: number, facts: readonly ToldFact[]): void {
    const sessions = this.#sessions.get(process) ?? new Set()
    this.#sessions.set(process, sessions)
    for (const fact of facts) {
      if (fact.kind === 'connectionOpened') {
        const session = sessionHere(process, fact.info.session)
        sessions.add(session)
        this.#stats.opened({ ...fact.info, session })
      } else if (fact.kind === 'connectionClosed') {
        const session = sessionHere(process, fact.session)
        sessions.delete(session)
        this.#stats.closed(session)
      } else if (fact.kind !== 'newTip' || this.#tips.isNew(fact.prevHash))
        this.#stats.fact('session' in fact ? { ...fact, session: sessionHere(process, fact.session) } : fact)
    }
  }

  /** A process is gone, and its connections with it. */
  gone(process: number): void {
    for (const session of this.#sessions.get(process) ?? []) this.#stats.closed(session)
    this.#sessions.delete(process)
  }
}

function sessionHere(process: number, session: number): number {
  return process * PER_PROCESS + session
}

/** Which connection of which process goes by a number here. */
export function sessionThere(session: number): { readonly process: number; readonly session: number } {
  return { process: Math.floor(session / PER_PROCESS), session: session % PER_PROCESS }
}
