import { MAX_TARGET } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { type ChannelRefusal, channelRefusal } from '../../client/channel-refusal.ts'
import { fillIdentity } from '../../client/identity-template.ts'
import type { LinkNews, UpstreamLink } from '../../client/link.ts'
import type { Millis, SessionId } from '../../ground/role.ts'
import { JobBook } from '../../mining/channel/job-book.ts'
import { type UpstreamEvent, Upstreams } from '../upstreams.ts'
import { Asked } from './asked.ts'
import { type Farewell, Farewells } from './farewells.ts'
import { grantedChannel, nextSize, REPEAT_BYTES } from './feed-request.ts'
import type { FeedDeps, FeedSettings } from './feed-settings.ts'
import type { Line, WorkSeat } from './line.ts'
import type { Lines } from './lines.ts'
import { Routes } from './routes.ts'
import { owesAnswers, tellAnswers, tellUnanswered } from './share-answers.ts'
import type { WorkChannel } from './work-channel.ts'

/** From a request for a channel to its answer, and from there to work, ms; else it is taken for refused. */
const WORK_MS = 60_000

/** Stands in for the book of a channel that has none any more. */
const NO_BOOK = new JobBook()

/**
 * The upstream channels that feed the lines of a node: opened where a line wants work, switched when another upstream
 * is better, given up when no book needs them.
 */
export class Feeds {
  readonly #settings: FeedSettings
  readonly #deps: FeedDeps
  readonly #lines: Lines
  readonly #upstreams: Upstreams
  readonly #routes: readonly Routes[]
  readonly #asked = new Asked()
  readonly #lineOf = new Map<WorkChannel, Line>()
  readonly #farewells = new Farewells()

  constructor(
    settings: FeedSettings,
    what: { readonly lines: Lines; readonly seats: readonly WorkSeat[]; readonly deps: FeedDeps },
  ) {
    this.#settings = settings
    this.#deps = what.deps
    this.#lines = what.lines
    this.#upstreams = new Upstreams(settings, { slots: what.seats, emit: what.deps.emit })
    this.#routes = settings.upstreams.map(() => new Routes())
  }

  nextDeadline(): Millis {
    return Math.min(this.#upstreams.nextDeadline(), this.#farewells.nextDeadline())
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
        if (told !== undefined && told.news.kind !== 'lost') this.#news(told.upstream, told.news, now)
      }
    }
  }

  tick(now: Millis): void {
    for (const leaving of this.#farewells.takeDue(now)) this.#leave(leaving, now)
    if (now < this.#upstreams.nextDeadline()) return
    this.#upstreams.tick(now)
    this.#steerAll(now)
  }

  /** Leaves upstreams that do not answer shares, and asks elsewhere where one gives no work. */
  watchAnswers(now: Millis): void {
    for (const line of this.#lines) {
      const { feed } = line.supply
      if (feed !== undefined && owesAnswers(feed, now))
        this.#upstreams.link(feed.upstream)?.close('does not answer shares')
      const owing = line.request?.upstream ?? line.next?.upstream
      if (owing === undefined || now < line.since + WORK_MS) continue
      this.#forgetNext(line)
      this.#turnedDown(line, owing, { code: 'no-work-in-time', cause: 'other' }, now)
    }
  }

  /** A line is drawn to another seat. */
  reseat(line: Line, seat: WorkSeat, now: Millis): void {
    for (const channel of [line.supply.feed, line.next]) {
      if (channel === undefined) continue
      line.seat.using.change(channel.upstream, -1)
      seat.using.change(channel.upstream, 1)
    }
    line.seat = seat
    this.steer(line, now)
  }

  /** Gives up what feeds a line, or was to feed it. */
  end(line: Line, now: Millis): void {
    this.#forgetNext(line)
    const { feed } = line.supply
    line.supply.stop()
    if (feed !== undefined) this.#retire(line, feed, now)
  }

  #news(upstream: number, news: LinkNews, now: Millis): void {
    switch (news.kind) {
      case 'ready':
      case 'unusable':
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
    line.since = now
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
      maxTarget: MAX_TARGET,
      minExtranonceSize: leaseSize + Math.min(room, most),
    })
    if (requestId === undefined) return
    line.declared = line.hashrate
    line.request = { upstream, requestId, room }
    this.#asked.add(upstream, requestId, line)
  }

  #answered(upstream: number, requestId: number): Line | undefined {
    const line = this.#asked.take(upstream, requestId)
    return line !== undefined && this.#lines.has(line) ? line : undefined
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
    const { rolled, verifyPayout, upstreams } = this.#settings
    const identity = fillIdentity(upstreams[upstream]?.identity ?? '', line.identity)
    const sizes = { leaseSize, rolled, wanted: line.rolled }
    const channel = grantedChannel({ upstream, link }, answer, { ...sizes, identity, verifyPayout })
    if (typeof channel === 'string') {
      unwanted('unusable')
      this.#upstreams.refused(upstream, channel, now)
      return this.#steerAll(now)
    }
    line.next = channel
    line.since = now
    line.seat.using.change(upstream, 1)
    this.#routes[upstream]?.add(channel)
    this.#lineOf.set(channel, line)
  }

  #denied(upstream: number, news: Extract<LinkNews, { kind: 'denied' }>, now: Millis): void {
    const line = this.#answered(upstream, news.requestId)
    const request = line?.request
    if (line === undefined || request === undefined) return
    line.request = undefined
    const { rolled } = this.#settings
    const smaller = nextSize(request.room, news.refusal.cause, {
      ...rolled,
      most: line.rolled ?? rolled.most,
    })
    if (smaller === undefined) return this.#turnedDown(line, upstream, news.refusal, now)
    line.since = now
    this.#open(line, upstream, smaller)
  }

  /** An upstream has no channel for a line. */
  #turnedDown(line: Line, upstream: number, refusal: ChannelRefusal, now: Millis): void {
    // it was asked for many lines at once, and has said so of another: it is asked again for all of them
    if (this.#upstreams.isBackingOff(upstream, now)) return
    if (line.origin !== undefined && (refusal.cause === 'user' || this.#isWorkedWith(upstream))) {
      line.refusal = refusal
      return this.#resume(line, now)
    }
    // it serves others: it is this one miner that it has no channel for
    if (!this.#settings.aggregated && this.#isWorkedWith(upstream)) return this.#end(line, refusal.code)
    this.#upstreams.refused(upstream, `no channel: ${refusal.code}`, now)
    this.#steerAll(now)
  }

  /** The miner of a line has no work any more; one that has work elsewhere stays there. */
  #end(line: Line, reason: string): void {
    if (line.supply.feed === undefined) this.#deps.owner.closed(line, reason)
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
        return tellAnswers(this.#deps, channel, news, now)
      case 'closed':
        return this.#channelClosed(line, channel, news.reason, now)
      case 'unpaid':
        channel.close('wrong-payout')
        tellUnanswered(this.#deps, channel, now)
        this.#drop(line, channel)
        this.#upstreams.refused(channel.upstream, news.reason, now)
        return this.#steerAll(now)
      case 'ignored':
        return this.#ignored(channel.upstream, news.reason)
    }
  }

  /** A channel that was given up: only what it says of shares still matters. */
  #afterFarewell(channel: WorkChannel, message: Message, now: Millis): void {
    if (message.type !== 'SubmitShares.Success' && message.type !== 'SubmitShares.Error') return
    const news = channel.message(message, { order: 0, book: NO_BOOK })
    if (news?.kind !== 'acknowledged' && news?.kind !== 'refused') return
    tellAnswers(this.#deps, channel, news, now)
    const leaving = this.#farewells.takeSettled(channel)
    if (leaving !== undefined) this.#leave(leaving, now)
  }

  /** The upstream channel has told work: from now on it feeds the line. */
  #switch(line: Line, channel: WorkChannel, now: Millis): void {
    const { owner } = this.#deps
    const former = line.supply.feed
    const rolled = channel.size - this.#deps.leaseSize
    if (line.rolled !== undefined && rolled < line.rolled) owner.closed(line, 'extranonce-size-changed')
    // it was one miner's
    if (!this.#lines.has(line)) return
    line.rolled = rolled
    line.next = undefined
    line.supply.switchTo(channel, now)
    line.told = { hashrate: line.declared, channels: line.channels }
    this.#upstreams.served(channel.upstream)
    if (former !== undefined) this.#retire(line, former, now)
    const name = this.#settings.upstreams[channel.upstream]?.name ?? ''
    this.#deps.emit({ kind: 'upstreamUsed', upstream: channel.upstream, name })
    this.#resume(line, now)
  }

  #resume(line: Line, now: Millis): void {
    if (this.#settings.aggregated || line.origin !== undefined)
      this.#deps.miners.resume(now, line.origin?.session)
  }

  #channelClosed(line: Line, channel: WorkChannel, reason: string, now: Millis): void {
    tellUnanswered(this.#deps, channel, now)
    this.#drop(line, channel)
    if (line.origin !== undefined) {
      // its miner has no channel yet, and still waits for an answer
      line.refusal = channelRefusal(reason)
      return this.#resume(line, now)
    }
    if (!this.#settings.aggregated) return this.#end(line, reason)
    this.#upstreams.refused(channel.upstream, `closed our channel: ${reason}`, now)
    this.#steerAll(now)
  }

  #lost(upstream: number, now: Millis): void {
    for (const line of this.#lines) {
      if (line.request?.upstream === upstream) line.request = undefined
      if (line.next?.upstream === upstream) this.#drop(line, line.next)
      const { feed } = line.supply
      if (feed?.upstream !== upstream) continue
      tellUnanswered(this.#deps, feed, now)
      this.#drop(line, feed)
    }
    for (const { channel, seat } of this.#farewells.takeLost(upstream)) {
      tellUnanswered(this.#deps, channel, now)
      this.#remove(channel, seat)
    }
    this.#asked.lost(upstream)
    this.#steerAll(now)
  }

  #forgetNext(line: Line): void {
    line.request = undefined
    if (line.next === undefined) return
    line.next.close('not-needed')
    this.#drop(line, line.next)
  }

  /** A line has this channel no longer, as feed or as the next one. */
  #drop(line: Line, channel: WorkChannel): void {
    if (line.next === channel) line.next = undefined
    else line.supply.stop()
    this.#remove(channel, line.seat)
  }

  #remove(channel: WorkChannel, seat: WorkSeat): void {
    seat.using.change(channel.upstream, -1)
    this.#routes[channel.upstream]?.delete(channel)
    this.#lineOf.delete(channel)
  }

  /** A channel that no miner works on any more is closed when its last shares are answered. */
  #retire({ seat }: Line, channel: WorkChannel, now: Millis): void {
    this.#lineOf.delete(channel)
    this.#farewells.add(channel, seat, now)
    const leaving = this.#farewells.takeSettled(channel)
    if (leaving !== undefined) this.#leave(leaving, now)
  }

  #leave({ channel, seat }: Farewell, now: Millis): void {
    tellUnanswered(this.#deps, channel, now)
    channel.close('not-needed')
    this.#remove(channel, seat)
    if (!seat.using.has(channel.upstream)) this.#upstreams.steer(now)
  }

  #ignored(upstream: number, reason: string): void {
    this.#deps.emit({ kind: 'upstreamMessageIgnored', upstream, reason })
  }
}
