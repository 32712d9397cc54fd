import { equalBytes, readHeightPush } from '@sv2/bitcoin'
import type { Message, NewTemplate, SubmitSolution } from '@sv2/messages'
import { type Emit, type Millis, NEVER, type SessionId } from '../ground/role.ts'
import { isSameTip, type Tip } from '../mining/channel/job.ts'
import type { CoinbaseRoom } from '../payouts/coinbase-room.ts'
import type { OpenSolution } from './open-solutions.ts'
import {
  TemplateFeed,
  type TemplateFeedEffect,
  type TemplateFeedSettings,
  type TemplateNews,
} from './template-feed.ts'

export interface TemplateFeedsSettings extends TemplateFeedSettings {
  /** Where the other providers are, in the order in which they are preferred. */
  readonly backups?: readonly TemplateFeedSettings['endpoint'][] | undefined
}

/** What the feeds tell their owner. */
export type TemplatesNews =
  | Exclude<TemplateNews, { kind: 'gone' }>
  /** The provider can make no block of a template any more. */
  | { readonly kind: 'gone'; readonly isOf: (template: NewTemplate) => boolean }
  /** The last work there was is too old to mine on, and there is no other. */
  | { readonly kind: 'tooOld' }

/** Templates come from another provider: the one of this number, 0 for the preferred one. */
export type TemplatesFact = { readonly kind: 'templatesFrom'; readonly provider: number }

/** Work of one provider. */
interface Work {
  readonly template: NewTemplate
  readonly tip: Tip
  readonly height: number
}

/**
 * Several template providers as one: work comes from the first of them that is at the highest block any of them has told of.
 * A template that two have is one, and a block on it goes to both.
 */
export class TemplateFeeds {
  readonly #feeds: readonly TemplateFeed[]
  /** The newest work of each provider that is there. */
  readonly #works: (Work | undefined)[] = []
  /** What the owner was told last. */
  #told: Work | undefined
  /** The provider it came from; undefined while that is away and no other has work as good. */
  #giving: number | undefined
  /** The last provider of all that gave some. */
  #gaveLast = 0
  #awaySince: Millis = NEVER
  readonly #workMaxAgeMs: Millis
  readonly #placeOf = new WeakMap<NewTemplate, number>()
  /** The same template, as other providers number it. */
  readonly #twins = new WeakMap<NewTemplate, NewTemplate[]>()
  /** How many feeds hold a block that is not decided, by its hash. */
  readonly #holders = new Map<string, number>()
  readonly #emit: Emit<TemplateFeedEffect | TemplatesFact>

  constructor(settings: TemplateFeedsSettings, emit: Emit<TemplateFeedEffect | TemplatesFact>) {
    const { backups = [], solutions = [], endpoint } = settings
    this.#emit = emit
    this.#workMaxAgeMs = settings.workMaxAgeMs
    const endpoints = [endpoint, ...backups]
    // whose template they are of is not known: a provider that has none of that number says so
    for (const { hash } of solutions) this.#holders.set(hash, endpoints.length)
    this.#feeds = endpoints.map(
      (at) => new TemplateFeed({ ...settings, endpoint: at }, (effect) => this.#effect(effect)),
    )
  }

  /** What the providers keep room for in the templates that come from now on. */
  get room(): CoinbaseRoom {
    return this.#feeds[0]!.room
  }

  /** Asks for this room, more or less than before; the providers answer with other templates. */
  askRoom(room: CoinbaseRoom): void {
    for (const feed of this.#feeds) feed.askRoom(room)
  }

  /** What a template leaves for the outputs of this node. */
  roomFor(template: NewTemplate): CoinbaseRoom {
    return this.#feeds[this.#placeOf.get(template) ?? 0]!.roomFor(template)
  }

  owns(session: SessionId): boolean {
    return this.#placeOfSession(session) >= 0
  }

  /** A provider is connected; 0 is the preferred one. */
  opened(session: SessionId, provider: number): void {
    this.#feeds[provider]?.opened(session)
  }

  /** A provider is gone; answers the work of another one, where that is as good. */
  closed(session: SessionId, now: Millis): TemplatesNews | undefined {
    const place = this.#placeOfSession(session)
    this.#feeds[place]?.closed(now)
    this.#works[place] = undefined
    if (place !== this.#giving) return undefined
    this.#giving = undefined
    this.#awaySince = now
    return this.#take(this.#best())
  }

  /** When the work of providers that are away becomes too old. */
  nextDeadline(): Millis {
    return this.#awaySince + this.#workMaxAgeMs
  }

  /** Time has passed. When the last work is too old to mine on, a provider that is behind is better than none. */
  tick(now: Millis): TemplatesNews | undefined {
    if (now < this.nextDeadline()) return undefined
    this.#awaySince = NEVER
    this.#told = undefined
    return this.#take(this.#best()) ?? { kind: 'tooOld' }
  }

  /** A block on a template: every provider that has it is told, now or when it is back (TPC-02). */
  submit(solution: OpenSolution & { readonly message: SubmitSolution }, template: NewTemplate): void {
    for (const same of [template, ...(this.#twins.get(template) ?? [])]) {
      const message = { ...solution.message, templateId: same.templateId }
      this.#feeds[this.#placeOf.get(same) ?? 0]!.submit({ ...solution, message })
    }
  }

  /** Takes one message of a provider; answers what the owner has to know. */
  message(session: SessionId, message: Message): TemplatesNews | undefined {
    const place = this.#placeOfSession(session)
    const news = this.#feeds[place]?.message(message)
    switch (news?.kind) {
      case undefined:
        return undefined
      case 'gone':
        return {
          kind: 'gone',
          isOf: (template) =>
            this.#placeOf.get(template) === place && template.templateId === news.templateId,
        }
      case 'future':
        this.#placeOf.set(news.template, place)
        return place === this.#giving ? news : undefined
      case 'update':
      case 'tip': {
        this.#placeOf.set(news.template, place)
        const tip = news.kind === 'tip' ? news.tip : this.#works[place]?.tip
        if (tip === undefined) return undefined
        const work = { template: news.template, tip, height: heightOf(news.template) }
        this.#works[place] = work
        const best = this.#best()
        if (place !== this.#giving || this.#works[best!]!.height > work.height) return this.#take(best)
        this.#told = work
        return news
      }
    }
  }

  /** Asked for every message of every miner: nothing is allocated. */
  #placeOfSession(session: SessionId): number {
    for (let place = 0; place < this.#feeds.length; place++)
      if (this.#feeds[place]!.owns(session)) return place
    return -1
  }

  /** The provider whose work is at the highest block; of several the preferred one. */
  #best(): number | undefined {
    let best: number | undefined
    for (const [place, work] of this.#works.entries()) {
      if (work === undefined) continue
      if (best === undefined || work.height > this.#works[best]!.height) best = place
    }
    return best
  }

  /** Goes over to a provider, unless its work is worse than what there is; answers its work, where that is another. */
  #take(place: number | undefined): TemplatesNews | undefined {
    const work = place === undefined ? undefined : this.#works[place]
    if (place === undefined || work === undefined || place === this.#giving) return undefined
    const before = this.#told
    if (before !== undefined && work.height < before.height) return undefined
    // two blocks of one height: the one that was first is mined on
    const isRival = before !== undefined && work.height === before.height && !isSameTip(work.tip, before.tip)
    if (isRival && this.#giving !== undefined) return undefined
    this.#giving = place
    this.#awaySince = NEVER
    if (place !== this.#gaveLast) this.#emit({ kind: 'templatesFrom', provider: place })
    this.#gaveLast = place
    if (before !== undefined && this.#isTwin(work, before, place)) return undefined
    this.#told = work
    return { kind: 'tip', template: work.template, tip: work.tip }
  }

  /** Whether another provider has given the same work, which is mined on as it is. */
  #isTwin(work: Work, before: Work, place: number): boolean {
    if (this.#placeOf.get(before.template) === place || !isSameTip(work.tip, before.tip)) return false
    if (!isSameTemplate(work.template, before.template)) return false
    const others = (this.#twins.get(before.template) ?? []).filter((one) => this.#placeOf.get(one) !== place)
    this.#twins.set(before.template, [...others, work.template])
    return true
  }

  /** Blocks are kept once, and until every provider that was told has decided. */
  #effect(effect: TemplateFeedEffect): void {
    if (effect.kind === 'keepSolution') {
      const holders = this.#holders.get(effect.solution.hash) ?? 0
      this.#holders.set(effect.solution.hash, holders + 1)
      if (holders > 0) return
    } else if (effect.kind === 'forgetSolution') {
      const holders = (this.#holders.get(effect.hash) ?? 1) - 1
      if (holders > 0) return void this.#holders.set(effect.hash, holders)
      this.#holders.delete(effect.hash)
    }
    this.#emit(effect)
  }
}

function heightOf({ coinbasePrefix }: NewTemplate): number {
  return readHeightPush(coinbasePrefix) ?? 0
}

/** Whether blocks of both are the same but for what we put in. */
function isSameTemplate(one: NewTemplate, other: NewTemplate): boolean {
  return (
    one.version === other.version &&
    one.coinbaseTxVersion === other.coinbaseTxVersion &&
    one.coinbaseTxInputSequence === other.coinbaseTxInputSequence &&
    one.coinbaseTxValueRemaining === other.coinbaseTxValueRemaining &&
    one.coinbaseTxLocktime === other.coinbaseTxLocktime &&
    equalBytes(one.coinbasePrefix, other.coinbasePrefix) &&
    equalBytes(one.coinbaseTxOutputs, other.coinbaseTxOutputs) &&
    one.merklePath.length === other.merklePath.length &&
    one.merklePath.every((hash, at) => equalBytes(hash, other.merklePath[at]!))
  )
}
