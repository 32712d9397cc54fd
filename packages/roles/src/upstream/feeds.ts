import type { Message } from '@sv2/messages'
import { JobBook } from '../channel/job-book.ts'
import { EASIEST_TARGET } from '../device/open-request.ts'
import type { Miners } from '../miners/miners.ts'
import type { Millis, SessionId } from '../role.ts'
import { Farewells } from './farewells.ts'
import { grantedChannel, nextSize, REPEAT_BYTES, type RolledSize } from './feed-request.ts'
import { fillIdentity } from './identity-template.ts'
import type { Line, WorkSeat } from './line.ts'
import type { Lines } from './lines.ts'
import type { LinkNews, UpstreamLink } from './link.ts'
import { Routes } from './routes.ts'
import { type LinesOwner, owesAnswers, tellAnswers, tellUnanswered } from './share-answers.ts'
import {
  type UpstreamEvent,
  type UpstreamSettings,
  Upstreams,
  type UpstreamsEffect,
  type UpstreamsSettings,
} from './upstreams.ts'
import type { JobNumbering, WorkChannel } from './work-channel.ts'

export interface FeedSettings extends UpstreamsSettings {
  readonly upstreams: readonly FeedUpstream[]
  /** One upstream channel for all miners, or one for each of them. */
  readonly aggregated: boolean
  /** Bytes of extranonce that a miner rolls. */
  readonly rolled: RolledSize
}

export interface FeedUpstream extends UpstreamSettings {
  /** Who we are there; see `fillIdentity`. */
  readonly identity: string
  /** Per cent of the hash rate; undefined on all for a list to be taken in order. */
  readonly share: number | undefined
}

export interface FeedDeps {
  readonly miners: Miners
  readonly leaseSize: number
  readonly numbering: JobNumbering
  readonly owner: LinesOwner
}

/** Stands in for the book of a channel that has none any more. */
const NO_BOOK = new JobBook()

/**
 * The upstream channels that feed the lines of a node: opened where a line wants work, switched when another upstream
 * is better, given up when nobody needs them.
 */
export class Feeds {
  readonly #settings: FeedSettings
  readonly #deps: FeedDeps
  readonly #lines: Lines
  readonly #seats: readonly WorkSeat[]
  readonly #upstreams: Upstreams
  readonly #routes: readonly Routes[]
  /** By `upstream/requestId`. */
  readonly #byRequest = new Map<string, Line>()
  readonly #lineOf = new Map<WorkChannel, Line>()
  readonly #farewells = new Farewells()

  constructor(
    settings: FeedSettings,
    what: { readonly lines: Lines; readonly seats: readonly WorkSeat[]; readonly deps: FeedDeps },
  ) {
    this.#settings = settings
    this.#deps = what.deps
    this.#lines = what.lines
    this.#seats = what.seats
    this.#upstreams = new Upstreams(settings, what.seats)
    this.#routes = settings.upstreams.map(() => new Routes())
  }

  /** Hands over what is to be done, in order. */
  take(): UpstreamsEffect[] {
    return this.#upstreams.take()
  }

  nextDeadline(): Millis {
    return this.#upstreams.nextDeadline()
  }

  owns(session: SessionId): boolean {
    return this.#upstreams.owns(session)
  }

  readyLinks(): readonly UpstreamLink[] {
    return this.#upstreams.readyLinks()
  }

  /** Connects what the seats want. */
  connect(now: Millis): void {
    this.#upstreams.steer(now)
  }

  /** Takes an event of an upstream. */
  handle(event: Exclude<UpstreamEvent, { kind: 'tick' }>, now: Millis): void {
    switch (event.kind) {
      case 'opened':
        return this.#upstreams.opened(event, now)
      case 'unreachable':
        this.#upstreams.unreachable(event.upstream, now)
        return this.#steerAll(now)
      case 'closed': {
        const lost = this.#upstreams.closed(event.session, now)
        if (lost !== undefined) this.#lost(lost.upstream, now)
        return
      }
      case 'message': {
        const told = this.#upstreams.message(event.session, event.message, now)
        if (told === undefined) return this.#steerAll(now)
        if (told.news.kind !== 'lost') this.#news(told.upstream, told.news, now)
      }
    }
  }

  tick(now: Millis): void {
    this.#farewell(now)
    if (now < this.#upstreams.nextDeadline()) return
    this.#upstreams.tick(now)
    this.#steerAll(now)
  }

  /** Leaves upstreams that do not answer shares. */
  watchAnswers(now: Millis): void {
    for (const { supply } of this.#lines) {
      const { feed } = supply
      if (feed === undefined || !owesAnswers(feed, now)) continue
      this.#upstreams.link(feed.upstream)?.close('does not answer shares')
    }
  }

  /** Gives up what feeds a line, or was to feed it. */
  end(line: Line, now: Millis): void {
    this.#forgetNext(line)
    const { feed } = line.supply
    line.supply.stop()
    if (feed === undefined) return
    this.#use(line.seat)
    this.#retire(feed, now)
  }

  #news(upstream: number, news: LinkNews, now: Millis): void {
    switch (news.kind) {
      case 'ready':
        return this.#steerAll(now)
      case 'granted':
        return this.#granted(upstream, news, now)
      case 'denied':
        return this.#denied(upstream, news, now)
      case 'message':
        return this.#message(upstream, news.message, now)
    }
  }

  #steerAll(now: Millis): void {
    for (const line of this.#lines) this.steer(line, now)
  }

  /** Sees to it that a line is fed by the upstream it should be fed by. */
  steer(line: Line, now: Millis): void {
    if (!line.demanded || line.refusal !== undefined) return
    const use = this.#upstreams.pick(line.seat, now)
    if (use === undefined) return
    if (line.supply.feed?.upstream === use) return this.#forgetNext(line)
    if (line.next?.upstream === use || line.request?.upstream === use) return
    this.#forgetNext(line)
    this.#open(line, use, (line.rolled ?? this.#settings.rolled.most) + REPEAT_BYTES)
  }

  /** @param room bytes of extranonce behind the leased ones */
  #open(line: Line, upstream: number, room: number): void {
    const link = this.#upstreams.link(upstream)
    const configured = this.#settings.upstreams[upstream]
    if (link === undefined || configured === undefined) return
    const { leaseSize } = this.#deps
    const most = link.capabilities.maxExtranonceSize - leaseSize
    const requestId = link.open({
      type: 'OpenExtendedMiningChannel',
      userIdentity: fillIdentity(configured.identity, line.identity),
      nominalHashRate: line.hashrate,
      maxTarget: EASIEST_TARGET,
      minExtranonceSize: leaseSize + Math.min(room, most),
    })
    if (requestId === undefined) return
    line.request = { upstream, requestId, room }
    this.#byRequest.set(`${upstream}/${requestId}`, line)
  }

  #answered(upstream: number, requestId: number): Line | undefined {
    const key = `${upstream}/${requestId}`
    const line = this.#byRequest.get(key)
    this.#byRequest.delete(key)
    if (line?.request?.upstream !== upstream || line.request.requestId !== requestId) return undefined
    return this.#lines.has(line) ? line : undefined
  }

  #granted(upstream: number, news: Extract<LinkNews, { kind: 'granted' }>, now: Millis): void {
    const { answer, requestId } = news
    const link = this.#upstreams.link(upstream)
    const line = this.#answered(upstream, requestId)
    if (link === undefined) return
    const unwanted = (reason: string): void =>
      link.send({ type: 'CloseChannel', channelId: answer.channelId, reasonCode: reason })
    if (line === undefined) return unwanted('not-needed')
    line.request = undefined
    const { leaseSize } = this.#deps
    const { rolled } = this.#settings
    const channel = grantedChannel({ upstream, link }, answer, { leaseSize, rolled, wanted: line.rolled })
    if (typeof channel === 'string') {
      unwanted('unusable')
      this.#upstreams.refused(upstream, channel, now)
      return this.#steerAll(now)
    }
    line.next = channel
    this.#routes[upstream]?.add(channel)
    this.#lineOf.set(channel, line)
    this.#use(line.seat)
  }

  #denied(upstream: number, news: Extract<LinkNews, { kind: 'denied' }>, now: Millis): void {
    const line = this.#answered(upstream, news.requestId)
    const request = line?.request
    if (line === undefined || request === undefined) return
    line.request = undefined
    const { rolled } = this.#settings
    const smaller = nextSize(request.room, news.code, { ...rolled, most: line.rolled ?? rolled.most })
    if (smaller !== undefined) return this.#open(line, upstream, smaller)
    if (line.origin !== undefined && (news.code.includes('user') || this.#isWorkedWith(upstream))) {
      line.refusal = news.code
      return this.#resume(line, now)
    }
    // it serves others: it is this one miner that it has no channel for
    if (!this.#settings.aggregated && this.#isWorkedWith(upstream))
      return this.#deps.owner.closed(line, news.code)
    this.#upstreams.refused(upstream, `no channel: ${news.code}`, now)
    this.#steerAll(now)
  }

  #isWorkedWith(upstream: number): boolean {
    for (const { supply, next } of this.#lines)
      if (supply.feed?.upstream === upstream || next?.upstream === upstream) return true
    return false
  }

  #message(upstream: number, message: Message, now: Millis): void {
    const routes = this.#routes[upstream]
    if (routes === undefined) return
    if (message.type === 'SetGroupChannel') return routes.regroup(message.groupChannelId, message.channelIds)
    if (message.type === 'Opaque' || message.type === 'ChannelEndpointChanged') return
    let known = false
    if ('channelId' in message) {
      for (const channel of routes.of(message.channelId)) {
        known = true
        const line = this.#lineOf.get(channel)
        if (line === undefined) this.#afterFarewell(channel, message, now)
        else this.#tell(line, channel, message, now)
      }
    }
    if (!known) this.#ignored(upstream, `${message.type} for a channel that is not ours`)
  }

  #tell(line: Line, channel: WorkChannel, message: Message, now: Millis): void {
    const order = this.#deps.numbering.nextOrder()
    const news = channel.message(message, { order, book: line.book })
    if (news === undefined) return
    switch (news.kind) {
      case 'future':
      case 'update':
      case 'tip':
        if (line.next === channel && channel.isLive) return this.#switch(line, channel, now)
        if (line.supply.feed === channel) line.supply.take(news, now)
        return
      case 'target':
        return line.supply.limit()
      case 'acknowledged':
      case 'refused':
        return tellAnswers(this.#deps.owner, channel, news, now)
      case 'closed':
        return this.#channelClosed(line, channel, news.reason, now)
      case 'ignored':
        return this.#ignored(channel.upstream, news.reason)
    }
  }

  /** A channel that was given up: only what it says of shares still matters. */
  #afterFarewell(channel: WorkChannel, message: Message, now: Millis): void {
    if (message.type !== 'SubmitShares.Success' && message.type !== 'SubmitShares.Error') return
    const news = channel.message(message, { order: 0, book: NO_BOOK })
    if (news?.kind === 'acknowledged' || news?.kind === 'refused')
      tellAnswers(this.#deps.owner, channel, news, now)
  }

  /** The upstream channel has told work: from now on it feeds the line. */
  #switch(line: Line, channel: WorkChannel, now: Millis): void {
    const { owner } = this.#deps
    const former = line.supply.feed
    const rolled = channel.size - this.#deps.leaseSize
    if (line.rolled !== undefined && rolled < line.rolled) owner.closed(line, 'extranonce-size-changed')
    line.rolled = rolled
    line.next = undefined
    line.supply.switchTo(channel, now)
    this.#upstreams.served(channel.upstream)
    this.#use(line.seat)
    if (former !== undefined) this.#retire(former, now)
    const name = this.#settings.upstreams[channel.upstream]?.name ?? ''
    owner.fact({ kind: 'upstreamUsed', upstream: channel.upstream, name })
    this.#resume(line, now)
  }

  #resume(line: Line, now: Millis): void {
    this.#deps.miners.resume(now, line.origin?.session)
  }

  #channelClosed(line: Line, channel: WorkChannel, reason: string, now: Millis): void {
    tellUnanswered(this.#deps.owner, channel, now)
    this.#remove(channel)
    if (line.next === channel) line.next = undefined
    else line.supply.stop()
    this.#use(line.seat)
    if (!this.#settings.aggregated) return this.#deps.owner.closed(line, reason)
    this.#upstreams.refused(channel.upstream, `closed our channel: ${reason}`, now)
    this.#steerAll(now)
  }

  #lost(upstream: number, now: Millis): void {
    for (const line of this.#lines) {
      if (line.request?.upstream === upstream) line.request = undefined
      if (line.next?.upstream === upstream) {
        this.#remove(line.next)
        line.next = undefined
      }
      const { feed } = line.supply
      if (feed?.upstream === upstream) {
        tellUnanswered(this.#deps.owner, feed, now)
        this.#remove(feed)
        line.supply.stop()
      }
      this.#use(line.seat)
    }
    for (const channel of this.#farewells.takeLost(upstream)) {
      tellUnanswered(this.#deps.owner, channel, now)
      this.#remove(channel)
    }
    this.#steerAll(now)
  }

  #forgetNext(line: Line): void {
    line.request = undefined
    if (line.next === undefined) return
    line.next.close('not-needed')
    this.#remove(line.next)
    line.next = undefined
    this.#use(line.seat)
  }

  #remove(channel: WorkChannel): void {
    this.#routes[channel.upstream]?.delete(channel)
    this.#lineOf.delete(channel)
  }

  /** A channel that nobody works on any more is closed when its last shares are answered. */
  #retire(channel: WorkChannel, now: Millis): void {
    this.#lineOf.delete(channel)
    this.#farewells.add(channel, now)
    this.#farewell(now)
  }

  #farewell(now: Millis): void {
    const done = this.#farewells.takeDone(now)
    for (const channel of done) {
      tellUnanswered(this.#deps.owner, channel, now)
      channel.close('not-needed')
      this.#remove(channel)
    }
    if (done.length === 0) return
    for (const seat of this.#seats) this.#use(seat)
    this.#upstreams.steer(now)
  }

  /** Notes which upstreams a seat makes use of. */
  #use(seat: WorkSeat): void {
    seat.using.clear()
    for (const line of this.#lines) {
      if (line.seat !== seat) continue
      if (line.supply.feed !== undefined) seat.using.add(line.supply.feed.upstream)
      if (line.next !== undefined) seat.using.add(line.next.upstream)
    }
    for (const upstream of this.#farewells.upstreams()) seat.using.add(upstream)
  }

  #ignored(upstream: number, reason: string): void {
    this.#deps.owner.fact({ kind: 'upstreamMessageIgnored', upstream, reason })
  }
}
