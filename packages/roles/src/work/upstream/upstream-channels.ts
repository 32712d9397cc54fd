import { MAX_TARGET } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { type ChannelRefusal, channelRefusal } from '../../client/channel-refusal.ts'
import { fillIdentity } from '../../client/identity-template.ts'
import type { LinkNews, UpstreamLink } from '../../client/link.ts'
import type { Millis, SessionId } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import { JobBook } from '../../mining/channel/job-book.ts'
import { type UpstreamEvent, Upstreams } from '../upstreams.ts'
import { grantedChannel, nextSize, REPEAT_BYTES } from './channel-grant.ts'
import { type DrainingChannel, DrainingChannels } from './draining-channels.ts'
import { PendingOpens } from './pending-opens.ts'
import { Routes } from './routes.ts'
import type { ChannelsDeps, ChannelsSettings } from './settings.ts'
import { owesAnswers, tellAnswers, tellUnanswered } from './share-answers.ts'
import type { WorkChannel } from './work-channel.ts'
import type { Workload, WorkSlot } from './workload.ts'
import type { Workloads } from './workloads.ts'

/** From a request for a channel to its answer, and from there to work, ms; else it is taken for refused. */
const WORK_MS = 60_000

/** Stands in for the book of a channel that has none any more. */
const NO_BOOK = new JobBook()

/**
 * The upstream channels that feed the workloads of a node: opened where a workload wants work, switched when another upstream
 * is better, given up when no book needs them.
 */
export class UpstreamChannels {
  readonly #settings: ChannelsSettings
  readonly #deps: ChannelsDeps
  readonly #workloads: Workloads
  readonly #upstreams: Upstreams
  readonly #routes: readonly Routes[]
  readonly #pending = new PendingOpens()
  readonly #workloadOf = new Map<WorkChannel, Workload>()
  readonly #timers = new Timers()
  readonly #draining = this.#timers.add(new DrainingChannels())

  constructor(
    settings: ChannelsSettings,
    deps: ChannelsDeps & { readonly workloads: Workloads; readonly slots: readonly WorkSlot[] },
  ) {
    this.#settings = settings
    this.#deps = deps
    this.#workloads = deps.workloads
    this.#upstreams = this.#timers.add(new Upstreams(settings, deps))
    this.#routes = settings.upstreams.map(() => new Routes())
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  owns(session: SessionId): boolean {
    return this.#upstreams.owns(session)
  }

  readyLinks(): readonly UpstreamLink[] {
    return this.#upstreams.readyLinks()
  }

  /** Connects what the slots want. */
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
    for (const leaving of this.#draining.takeDue(now)) this.#leave(leaving, now)
    if (now < this.#upstreams.nextDeadline()) return
    this.#upstreams.tick(now)
    this.#steerAll(now)
  }

  /** Leaves upstreams that do not answer shares, and asks elsewhere where one gives no work. */
  watchAnswers(now: Millis): void {
    for (const workload of this.#workloads) {
      const { channel: used } = workload.work
      if (used !== undefined && owesAnswers(used, now))
        this.#upstreams.link(used.upstream)?.close('does not answer shares')
      const owing = workload.request?.upstream ?? workload.next?.upstream
      if (owing === undefined || now < workload.since + WORK_MS) continue
      this.#forgetNext(workload)
      this.#turnedDown(workload, owing, { code: 'no-work-in-time', cause: 'other' }, now)
    }
  }

  /** A workload is drawn to another slot. */
  moveTo(workload: Workload, slot: WorkSlot, now: Millis): void {
    for (const channel of [workload.work.channel, workload.next]) {
      if (channel === undefined) continue
      workload.slot.using.change(channel.upstream, -1)
      slot.using.change(channel.upstream, 1)
    }
    workload.slot = slot
    this.steer(workload, now)
  }

  /** Gives up the channel that feeds a workload, and the one that was to feed it. */
  end(workload: Workload, now: Millis): void {
    this.#forgetNext(workload)
    const { channel: used } = workload.work
    workload.work.stop()
    if (used !== undefined) this.#retire(workload, used, now)
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
    for (const workload of this.#workloads) this.steer(workload, now)
  }

  /** Sees to it that a workload is fed by the upstream it should be fed by. */
  steer(workload: Workload, now: Millis): void {
    if (!workload.demanded || workload.refusal !== undefined) return
    const use = this.#upstreams.pick(workload.slot, now)
    if (use === undefined) return
    if (workload.work.channel?.upstream === use) return this.#forgetNext(workload)
    if (workload.next?.upstream === use || workload.request?.upstream === use) return
    workload.since = now
    this.#forgetNext(workload)
    this.#open(workload, use, (workload.rolled ?? this.#settings.rolled.most) + REPEAT_BYTES)
  }

  /** @param room bytes of extranonce behind the leased ones */
  #open(workload: Workload, upstream: number, room: number): void {
    const link = this.#upstreams.link(upstream)
    const configured = this.#settings.upstreams[upstream]
    if (link === undefined || configured === undefined) return
    const { leaseSize } = this.#deps
    const most = link.capabilities.maxExtranonceSize - leaseSize
    const requestId = link.open({
      type: 'OpenExtendedMiningChannel',
      userIdentity: fillIdentity(configured.identity, workload.identity),
      nominalHashRate: workload.hashrate,
      maxTarget: MAX_TARGET,
      minExtranonceSize: leaseSize + Math.min(room, most),
    })
    if (requestId === undefined) return
    workload.declared = workload.hashrate
    workload.request = { upstream, requestId, room }
    this.#pending.add(upstream, requestId, workload)
  }

  #answered(upstream: number, requestId: number): Workload | undefined {
    const workload = this.#pending.take(upstream, requestId)
    return workload !== undefined && this.#workloads.has(workload) ? workload : undefined
  }

  #granted(upstream: number, news: Extract<LinkNews, { kind: 'granted' }>, now: Millis): void {
    const { answer, requestId } = news
    const link = this.#upstreams.link(upstream)
    const workload = this.#answered(upstream, requestId)
    if (link === undefined) return
    const unwanted = (reason: string): void =>
      link.send({ type: 'CloseChannel', channelId: answer.channelId, reasonCode: reason })
    if (workload === undefined) return unwanted('not-needed')
    workload.request = undefined
    const { leaseSize } = this.#deps
    const { rolled, verifyPayout, upstreams } = this.#settings
    const identity = fillIdentity(upstreams[upstream]?.identity ?? '', workload.identity)
    const sizes = { leaseSize, rolled, wanted: workload.rolled }
    const channel = grantedChannel({ upstream, link }, answer, { ...sizes, identity, verifyPayout })
    if (typeof channel === 'string') {
      unwanted('unusable')
      this.#upstreams.refused(upstream, channel, now)
      return this.#steerAll(now)
    }
    workload.next = channel
    workload.since = now
    workload.slot.using.change(upstream, 1)
    this.#routes[upstream]?.add(channel)
    this.#workloadOf.set(channel, workload)
  }

  #denied(upstream: number, news: Extract<LinkNews, { kind: 'denied' }>, now: Millis): void {
    const workload = this.#answered(upstream, news.requestId)
    const request = workload?.request
    if (workload === undefined || request === undefined) return
    workload.request = undefined
    const { rolled } = this.#settings
    const smaller = nextSize(request.room, news.refusal.cause, {
      ...rolled,
      most: workload.rolled ?? rolled.most,
    })
    if (smaller === undefined) return this.#turnedDown(workload, upstream, news.refusal, now)
    workload.since = now
    this.#open(workload, upstream, smaller)
  }

  /** An upstream has no channel for a workload. */
  #turnedDown(workload: Workload, upstream: number, refusal: ChannelRefusal, now: Millis): void {
    // it was asked for many workloads at once, and has said so of another: it is asked again for all of them
    if (this.#upstreams.isBackingOff(upstream, now)) return
    if (workload.origin !== undefined && (refusal.cause === 'user' || this.#isWorkedWith(upstream))) {
      workload.refusal = refusal
      return this.#resume(workload, now)
    }
    // it serves others: it is this one miner that it has no channel for
    if (!this.#settings.aggregated && this.#isWorkedWith(upstream)) return this.#end(workload, refusal.code)
    this.#upstreams.refused(upstream, `no channel: ${refusal.code}`, now)
    this.#steerAll(now)
  }

  /** The miner of a workload has no work any more; one that has work elsewhere stays there. */
  #end(workload: Workload, reason: string): void {
    if (workload.work.channel === undefined) this.#deps.owner.closed(workload, reason)
  }

  #isWorkedWith(upstream: number): boolean {
    for (const { work, next } of this.#workloads)
      if (work.channel?.upstream === upstream || next?.upstream === upstream) return true
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
        const workload = this.#workloadOf.get(channel)
        if (workload === undefined) this.#whileDraining(channel, message, now)
        else this.#tell(workload, channel, message, now)
      }
    }
    if (!known) this.#ignored(upstream, `${message.type} for a channel that is not ours`)
  }

  #tell(workload: Workload, channel: WorkChannel, message: Message, now: Millis): void {
    const order = this.#deps.numbering.nextOrder()
    const news = channel.message(message, { order, book: workload.book })
    if (news === undefined) return
    switch (news.kind) {
      case 'future':
      case 'update':
      case 'tip':
        if (workload.next === channel && channel.isLive) return this.#switch(workload, channel, now)
        if (workload.work.channel === channel) workload.work.take(news, now)
        return
      case 'target':
        return workload.work.limit()
      case 'acknowledged':
      case 'refused':
        return tellAnswers(this.#deps, channel, news, now)
      case 'closed':
        return this.#channelClosed(workload, channel, news.reason, now)
      case 'unpaid':
        channel.close('wrong-payout')
        tellUnanswered(this.#deps, channel, now)
        this.#drop(workload, channel)
        this.#upstreams.refused(channel.upstream, news.reason, now)
        return this.#steerAll(now)
      case 'ignored':
        return this.#ignored(channel.upstream, news.reason)
    }
  }

  /** A channel that was given up: only what it says of shares still matters. */
  #whileDraining(channel: WorkChannel, message: Message, now: Millis): void {
    if (message.type !== 'SubmitShares.Success' && message.type !== 'SubmitShares.Error') return
    const news = channel.message(message, { order: 0, book: NO_BOOK })
    if (news?.kind !== 'acknowledged' && news?.kind !== 'refused') return
    tellAnswers(this.#deps, channel, news, now)
    const leaving = this.#draining.takeSettled(channel)
    if (leaving !== undefined) this.#leave(leaving, now)
  }

  /** The upstream channel has told work: from now on it feeds the workload. */
  #switch(workload: Workload, channel: WorkChannel, now: Millis): void {
    const { owner } = this.#deps
    const former = workload.work.channel
    const rolled = channel.size - this.#deps.leaseSize
    if (workload.rolled !== undefined && rolled < workload.rolled)
      owner.closed(workload, 'extranonce-size-changed')
    // it was one miner's
    if (!this.#workloads.has(workload)) return
    workload.rolled = rolled
    workload.next = undefined
    workload.work.switchTo(channel, now)
    workload.told = { hashrate: workload.declared, channels: workload.channels }
    this.#upstreams.served(channel.upstream)
    if (former !== undefined) this.#retire(workload, former, now)
    const name = this.#settings.upstreams[channel.upstream]?.name ?? ''
    this.#deps.emit({ kind: 'upstreamUsed', upstream: channel.upstream, name })
    this.#resume(workload, now)
  }

  #resume(workload: Workload, now: Millis): void {
    if (this.#settings.aggregated || workload.origin !== undefined)
      this.#deps.miners.resume(now, workload.origin?.session)
  }

  #channelClosed(workload: Workload, channel: WorkChannel, reason: string, now: Millis): void {
    tellUnanswered(this.#deps, channel, now)
    this.#drop(workload, channel)
    if (workload.origin !== undefined) {
      // its miner has no channel yet, and still waits for an answer
      workload.refusal = channelRefusal(reason)
      return this.#resume(workload, now)
    }
    if (!this.#settings.aggregated) return this.#end(workload, reason)
    this.#upstreams.refused(channel.upstream, `closed our channel: ${reason}`, now)
    this.#steerAll(now)
  }

  #lost(upstream: number, now: Millis): void {
    for (const workload of this.#workloads) {
      if (workload.request?.upstream === upstream) workload.request = undefined
      if (workload.next?.upstream === upstream) this.#drop(workload, workload.next)
      const { channel: used } = workload.work
      if (used?.upstream !== upstream) continue
      tellUnanswered(this.#deps, used, now)
      this.#drop(workload, used)
    }
    for (const { channel, slot } of this.#draining.takeLost(upstream)) {
      tellUnanswered(this.#deps, channel, now)
      this.#remove(channel, slot)
    }
    this.#pending.lost(upstream)
    this.#steerAll(now)
  }

  #forgetNext(workload: Workload): void {
    workload.request = undefined
    if (workload.next === undefined) return
    workload.next.close('not-needed')
    this.#drop(workload, workload.next)
  }

  /** A workload has this channel no longer, as the one in use or as the next one. */
  #drop(workload: Workload, channel: WorkChannel): void {
    if (workload.next === channel) workload.next = undefined
    else workload.work.stop()
    this.#remove(channel, workload.slot)
  }

  #remove(channel: WorkChannel, slot: WorkSlot): void {
    slot.using.change(channel.upstream, -1)
    this.#routes[channel.upstream]?.delete(channel)
    this.#workloadOf.delete(channel)
  }

  /** A channel that no miner works on any more is closed when its last shares are answered. */
  #retire({ slot }: Workload, channel: WorkChannel, now: Millis): void {
    this.#workloadOf.delete(channel)
    this.#draining.add(channel, slot, now)
    const leaving = this.#draining.takeSettled(channel)
    if (leaving !== undefined) this.#leave(leaving, now)
  }

  #leave({ channel, slot }: DrainingChannel, now: Millis): void {
    tellUnanswered(this.#deps, channel, now)
    channel.close('not-needed')
    this.#remove(channel, slot)
    if (!slot.using.has(channel.upstream)) this.#upstreams.steer(now)
  }

  #ignored(upstream: number, reason: string): void {
    this.#deps.emit({ kind: 'upstreamMessageIgnored', upstream, reason })
  }
}
