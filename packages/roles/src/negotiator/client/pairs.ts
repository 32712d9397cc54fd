import { MAX_TARGET, type Sha256d } from '@sv2/bitcoin'
import { type Message, PAYOUT_DISTRIBUTION, type SetPayoutDistribution } from '@sv2/messages'
import { type LinkNews, UpstreamLink } from '../../client/link.ts'
import type { Emit, Millis, SessionEffect, SessionId } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import { Failover, type Slot } from '../../work/failover.ts'
import { hashrateOf, isWorthTelling } from '../../work/upstream/hashrates.ts'
import { CommitDialogue } from './commit-dialogue.ts'
import { DeclareDialogue } from './declare-dialogue.ts'
import type { JobClientFact } from './facts.ts'
import type { Tell } from './news.ts'
import { OfferLink } from './offer-link.ts'
import { type Half, Pair } from './pair.ts'
import { nextState, type PairEvent, type PairFault } from './pair-machine.ts'
import { bothPorts, type PairLinkEvent, type PairPort } from './pair-port.ts'
import { channelRequest, poolChannelOf } from './pool-channel.ts'
import type { PairSettings } from './settings.ts'
import { toldDistribution } from './told-distribution.ts'
import { SPARE_BYTES } from './workshop.ts'

/** From the connections to a channel and a token, ms. */
const OPEN_MS = 30_000

export interface PairsSettings {
  readonly pairs: readonly PairSettings[]
  readonly fullTemplate: boolean
  readonly trustAfterMs: number
  /** Bytes of extranonce that miners split among themselves. */
  readonly size: number
}

/** What pairs work with. */
export interface PairsDeps {
  readonly sha256d: Sha256d
  readonly sha256: (data: Uint8Array) => Uint8Array
  readonly randomBytes: (count: number) => Uint8Array
  readonly miners: Miners
  readonly emit: Emit<SessionEffect | JobClientFact>
  readonly tell: Tell
}

/**
 * Pools with their negotiator servers, best first: which are connected, and which one is worked for. Nothing here
 * gives up for good.
 */
export class Pairs {
  readonly #settings: PairsSettings
  readonly #deps: PairsDeps
  readonly #pairs: readonly Pair[]
  readonly #timers = new Timers()
  readonly #failover: Failover
  /** All of them, best first. */
  readonly #slots: readonly Slot[]
  readonly #bySession = new Map<SessionId, { readonly pair: Pair; readonly half: Half }>()
  #inUse: Pair | undefined
  /** What last spoke against a pair; the reason when another one is chosen. */
  #trouble = 'start'

  constructor(settings: PairsSettings, deps: PairsDeps) {
    this.#settings = settings
    this.#deps = deps
    this.#pairs = settings.pairs.map((pair, place) => new Pair(place, pair, this.#offersOf(pair, place)))
    for (const { timers } of this.#pairs) this.#timers.add(timers)
    const { pairs, trustAfterMs } = settings
    this.#failover = this.#timers.add(
      new Failover({ givers: pairs.length, trustAfterMs, whileBackingOff: 'disconnected' }),
    )
    this.#slots = [{ order: [...pairs.keys()], using: [] }]
  }

  #offersOf(settings: PairSettings, place: number): OfferLink {
    const { miners, emit, tell } = this.#deps
    const { size } = this.#settings
    return new OfferLink(
      { place, pair: settings, size },
      { miners, emit, tell: (news, now) => tell({ ...news, pair: this.#pairs[place]! }, now) },
    )
  }

  /** The pair that is worked for. */
  get inUse(): Pair | undefined {
    return this.#inUse
  }

  all(): readonly Pair[] {
    return this.#pairs
  }

  owns(session: SessionId): boolean {
    return this.#bySession.has(session) || this.#byOffers(session) !== undefined
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  handle(event: PairLinkEvent, now: Millis): void {
    switch (event.kind) {
      case 'opened':
        return this.#opened(event, now)
      case 'unreachable':
        return this.#unreachable(event.upstream, now)
      case 'closed':
        return this.#closed(event.session, now)
      case 'message': {
        const known = this.#bySession.get(event.session)
        if (known === undefined) return this.#byOffers(event.session)?.message(event.message, now)
        const news = known.half.link?.message(event.message, now)
        if (news !== undefined) this.#news(known.pair, known.half, news, now)
      }
    }
  }

  tick(now: Millis): void {
    for (const pair of this.#pairs) {
      if (now >= Math.min(pair.pool.talk.nextDeadline(), pair.server.talk.nextDeadline())) this.#renew(pair)
      pair.offers.tick(now)
      if (pair.timers.isDue('open', now)) this.#overdue(pair, now)
    }
    for (const place of this.#failover.tick(now)) this.step(this.#pairs[place]!, 'pardoned')
    for (const pair of this.#pairs) {
      const { link } = pair.server
      if (pair.state !== 'away' && pair.state !== 'barred' && link !== undefined)
        pair.tokens.refill(link, pair.settings.userIdentity, now)
    }
    this.steer(now)
  }

  /** Pool or server does not answer what it is asked about extensions, or is asked anew: both connections are made again. */
  #renew(pair: Pair): void {
    pair.isRenewing = true
    for (const upstream of bothPorts(pair.place))
      this.#deps.emit({ kind: 'redial', upstream, host: '', port: 0 })
    for (const { talk } of [pair.pool, pair.server]) talk.closed()
    for (const { link } of [pair.pool, pair.server]) link?.close('extensions are asked for anew')
  }

  /** Connects the pairs that are wanted, lets go those that are not needed, and says which pair to work for. */
  steer(now: Millis): void {
    const use = this.#failover.pick(this.#slots[0]!.order, now)
    for (const { giver, isWanted } of this.#failover.steer(this.#slots, now)) {
      if (isWanted) this.#dial(this.#pairs[giver]!)
      else this.#hangUp(this.#pairs[giver]!, now)
    }
    const chosen = use === undefined ? undefined : this.#pairs[use]
    if (chosen === this.#inUse) return
    const former = this.#inUse
    this.#inUse = chosen
    if (former !== undefined) this.step(former, 'left')
    const isBetter = chosen !== undefined && (former === undefined || chosen.place < former.place)
    const reason = isBetter ? `${chosen.settings.name} is well` : this.#trouble
    this.#deps.tell({ kind: 'chosen', pair: chosen, reason }, now)
  }

  /** Moves a pair through its table; a change is a fact. */
  step(pair: Pair, event: PairEvent, reason = ''): boolean {
    const from = pair.state
    const to = nextState(from, event)
    if (from === to) return false
    pair.state = to
    const { place, settings } = pair
    this.#deps.emit({ kind: 'pairChanged', place, name: settings.name, from, to, event, reason })
    return true
  }

  /** It does not give what is asked of it: it is left, and asked again later. */
  fail(pair: Pair, fault: PairFault, reason: string, now: Millis): void {
    if (!this.step(pair, fault, reason)) return
    this.#trouble = `${pair.settings.name}: ${reason}`
    // It is not known whose node was behind: the pair is asked again soon, however often.
    pair.isRaceLost = fault === 'raceLost'
    this.#failover.down(pair.place)
    if (pair.isRaceLost) this.#failover.postponed(pair.place, now)
    else this.#failover.refused(pair.place, now)
    this.steer(now)
  }

  /** Our node is on another block: who was left for seeing other ones is asked at once. */
  tipChanged(now: Millis): void {
    for (const { place, state, isRaceLost } of this.#pairs)
      if (state === 'barred' && isRaceLost) this.#failover.askSoon(place, now)
  }

  /** Tells the pools the hash rate of the miners, where it has changed. */
  tellHashrate(): void {
    const hashrate = hashrateOf(this.#deps.miners.channels)
    for (const pair of this.#pairs) {
      const { channel, told } = pair
      if (channel === undefined || !isWorthTelling(hashrate, told)) continue
      pair.told = hashrate
      channel.update(hashrate, MAX_TARGET)
      pair.offers.channel?.update(hashrate, MAX_TARGET)
    }
  }

  /** It pays for our work: earlier faults are forgotten. */
  served(pair: Pair): void {
    this.#failover.served(pair.place)
  }

  /** The pair is not open in time. The dialer alone deals with a pool or server that cannot be reached. */
  #overdue(pair: Pair, now: Millis): void {
    pair.timers.stop('open')
    const isSilent = [pair.pool, pair.server].some(({ link }) => link?.isReady === false)
    if (isSilent || pair.state === 'opening')
      this.fail(pair, 'unanswered', 'no setup, channel and token in time', now)
  }

  #dial(pair: Pair): void {
    for (const upstream of bothPorts(pair.place)) this.#deps.emit({ kind: 'dial', upstream })
  }

  #hangUp(pair: Pair, now: Millis): void {
    for (const upstream of bothPorts(pair.place)) this.#deps.emit({ kind: 'hangUp', upstream })
    pair.pool.link?.close('not needed now')
    pair.server.link?.close('not needed now')
    this.#forget(pair, now)
  }

  #opened(event: Extract<PairLinkEvent, { kind: 'opened' }>, now: Millis): void {
    const { kind, index } = event.port
    const pair = this.#pairs[index]
    if (pair === undefined) return
    if (kind === 'offers') return pair.offers.opened(event, now)
    const isPool = kind === 'pool'
    const half = isPool ? pair.pool : pair.server
    this.#bySession.set(event.session, { pair, half })
    if (isPool) pair.isRenewing = false
    const { session, capabilities } = event
    const { fullTemplate } = this.#settings
    const link = isPool ? pair.poolLink : pair.serverLink(capabilities.jobDialogue, fullTemplate)
    half.link = new UpstreamLink(link, {
      session,
      capabilities,
      talk: half.talk,
      now,
      emit: this.#deps.emit,
    })
    if (pair.channel === undefined && !pair.timers.isSet('open')) pair.timers.set('open', now + OPEN_MS)
  }

  #unreachable({ kind, index }: PairPort, now: Millis): void {
    const pair = kind === 'offers' ? undefined : this.#pairs[index]
    if (pair === undefined) return
    const { place, settings } = pair
    if (!this.#failover.hasFailed(place)) this.#trouble = `${settings.name} cannot be reached`
    this.#failover.failed(place)
    this.steer(now)
  }

  #closed(session: SessionId, now: Millis): void {
    const known = this.#bySession.get(session)
    if (known === undefined) return this.#byOffers(session)?.closed(now)
    this.#bySession.delete(session)
    const { pair, half } = known
    if (half.link?.session !== session) return
    half.link = undefined
    half.talk.closed()
    if (half === pair.server && pair.channel !== undefined && pair.state !== 'opening')
      return this.#serverLost(pair, now)
    // one without the other is of no use before there is a job; both are dialed again
    const { link: other } = half === pair.pool ? pair.server : pair.pool
    other?.close('the other half of the pair is gone')
    this.#forget(pair, now)
    if (this.#failover.isDialed(pair.place) && !pair.isRenewing) {
      this.#failover.failed(pair.place)
      this.#trouble = `${pair.settings.name}: connection lost`
    }
    this.step(pair, 'lost')
    this.steer(now)
  }

  /** The pool still pays for what it has agreed to: miners go on until a token is missing for too long. */
  #serverLost(pair: Pair, now: Millis): void {
    pair.tokens.lost()
    pair.dialogue = undefined
    this.#deps.tell({ kind: 'serverGone', pair }, now)
  }

  #forget(pair: Pair, now: Millis): void {
    this.#deps.tell({ kind: 'gone', pair }, now)
    pair.forgetWork()
    this.#failover.down(pair.place)
    pair.offers.end('the pool is gone', now)
  }

  #byOffers(session: SessionId): OfferLink | undefined {
    return this.#pairs.find(({ offers }) => offers.owns(session))?.offers
  }

  #news(pair: Pair, half: Half, news: LinkNews, now: Millis): void {
    switch (news.kind) {
      case 'ready':
        return this.#connected(pair, now)
      case 'unusable':
        return this.fail(pair, 'unusable', news.reason, now)
      case 'reconnect': {
        const [pool, negotiator] = bothPorts(pair.place)
        const upstream = half === pair.pool ? pool! : negotiator!
        return this.#deps.emit({ kind: 'redial', upstream, host: news.host, port: news.port })
      }
      case 'granted':
        return this.#granted(pair, news.answer, now)
      case 'denied':
        return this.#denied(pair, news.refusal.code, now)
      case 'message':
        return this.#message(pair, news.message, now)
    }
  }

  #connected(pair: Pair, now: Millis): void {
    const { link: server } = pair.server
    if (!pair.isConnected || server === undefined) return
    const isNew = this.step(pair, 'connected')
    if (pair.state === 'barred') return
    const completesCoinbase = server.capabilities.jobDialogue === 'commit'
    // what is under way was made for the other dialogue
    if (!isNew && completesCoinbase !== pair.completesCoinbase)
      return this.fail(pair, 'unusable', 'its server came back with another way to agree on jobs', now)
    pair.completesCoinbase = completesCoinbase
    const [atPool, atServer] = [pair.pool.link, server].map((link) => link?.has(PAYOUT_DISTRIBUTION) === true)
    if (atServer === true && atPool !== true) return this.#renew(pair.withoutDistributions())
    if (!isNew && atServer !== pair.followsDistributions)
      return this.fail(pair, 'unusable', 'its server came back with another way to say who is paid', now)
    pair.followsDistributions = atServer === true
    pair.dialogue ??= pair.completesCoinbase
      ? new CommitDialogue(server, this.#deps)
      : new DeclareDialogue(server, this.#deps)
    pair.tokens.refill(server, pair.settings.userIdentity, now)
    if (isNew) this.#open(pair, this.#settings.size + SPARE_BYTES)
    this.#follow(pair, now)
  }

  #open(pair: Pair, extranonceSize: number): void {
    pair.asked = extranonceSize
    pair.told = hashrateOf(this.#deps.miners.channels)
    const { userIdentity } = pair.settings
    pair.pool.link?.open(channelRequest(userIdentity, { hashrate: pair.told, extranonceSize }))
  }

  #granted(pair: Pair, answer: Extract<LinkNews, { kind: 'granted' }>['answer'], now: Millis): void {
    const { link } = pair.pool
    const { size } = this.#settings
    if (link === undefined || pair.channel !== undefined) return
    const channel = poolChannelOf({ upstream: pair.place, link }, answer, size)
    if (typeof channel === 'string') return this.fail(pair, 'channelDenied', channel, now)
    pair.channel = channel
    this.#ready(pair, now)
  }

  #denied(pair: Pair, code: string, now: Millis): void {
    const { size } = this.#settings
    // the bytes for repeated jobs may have been too many
    if (pair.asked > size) return this.#open(pair, size)
    this.fail(pair, 'channelDenied', `no channel: ${code}`, now)
  }

  #message(pair: Pair, message: Message, now: Millis): void {
    const { tell } = this.#deps
    if (message.type === 'AllocateMiningJobToken.Error') return pair.tokens.denied(message.requestId)
    if (message.type === 'SetPayoutDistribution') return this.#distribution(pair, message, now)
    if (message.type !== 'AllocateMiningJobToken.Success') return tell({ kind: 'said', pair, message }, now)
    const token = pair.tokens.granted(message, {
      fullTemplate: this.#settings.fullTemplate,
      followsDistributions: pair.followsDistributions,
      now,
    })
    if (token === undefined) return
    if (typeof token === 'string') return this.fail(pair, 'unusable', token, now)
    tell({ kind: 'token', pair, token }, now)
    this.#ready(pair, now)
  }

  /** Server and pool tell the same distributions: the first one to tell a newer one is believed. */
  #distribution(pair: Pair, message: SetPayoutDistribution, now: Millis): void {
    if (message.distributionId <= (pair.distribution?.id ?? 0n)) return
    const distribution = toldDistribution(message)
    if (typeof distribution === 'string') return this.fail(pair, 'unusable', distribution, now)
    pair.distribution = distribution
    this.#follow(pair, now)
  }

  #follow(pair: Pair, now: Millis): void {
    const { distribution, followsDistributions } = pair
    if (!followsDistributions || distribution === undefined) return
    this.#deps.tell({ kind: 'distribution', pair, distribution }, now)
    this.#ready(pair, now)
  }

  #ready(pair: Pair, now: Millis): void {
    if (pair.followsDistributions && pair.distribution === undefined) return
    if (pair.channel === undefined || !pair.tokens.isStocked || !this.step(pair, 'opened')) return
    this.#failover.up(pair.place, now)
    pair.timers.stop('open')
    pair.offers.begin()
    this.steer(now)
  }
}
