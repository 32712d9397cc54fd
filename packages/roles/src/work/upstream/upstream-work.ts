import { MINING_SUCCESS_FLAGS } from '@sv2/messages'
import { sentShare } from '../../client/sent-shares.ts'
import { type Emit, type Millis, NEVER, type SessionId } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import type { Channel } from '../../mining/channel/channel.ts'
import { leaseSize } from '../../mining/channel/extranonce.ts'
import type { GoodShare, Share } from '../../mining/channel/judge.ts'
import { Miners } from '../../mining/miners/miners.ts'
import type { MinersDeps, MinersEffect, MinersSettings } from '../../mining/miners/state.ts'
import type { Assignment, Refusal, WorkRequest, WorkTerms } from '../../mining/miners/work-source.ts'
import type { UpstreamWorkFact } from '../facts.ts'
import type { UpstreamEvent, UpstreamsEffect } from '../upstreams.ts'
import { Allocation, type AllocationSettings } from './allocation.ts'
import { addHashrate } from './hashrates.ts'
import { unpayable } from './payable.ts'
import { ShareTallies } from './share-tally.ts'
import type { Workload } from './workload.ts'

export interface UpstreamWorkDeps extends MinersDeps {
  readonly emit: Emit<UpstreamWorkEffect>
  /** A session that hears of new limits of version rolling while it is open; others are closed when they tighten. */
  readonly learnsVersionMask?: (session: SessionId) => boolean
}

export interface UpstreamWorkSettings extends AllocationSettings {
  readonly miners: MinersSettings
  /** With no upstream left: tell the miners to stop after a while, or keep them on the last job. */
  readonly whenGone: 'stop' | 'keep'
  readonly stopAfterMs: number
  /** Everybody gets the present work under a new id when there was none for this long; 0: never. */
  readonly repeatMs: number
}

export type UpstreamWorkEffect = MinersEffect | UpstreamsEffect | UpstreamWorkFact

/** Once a second: hash rates are told, shares that stay unanswered are noticed, work is repeated. */
const STEP_MS = 1_000

/**
 * Miners below, extended channels at upstreams above: what the aggregating proxy and the translator are made of.
 * Shares are judged here; those that an upstream pays for go up, and what it says of them is what the miner is told.
 */
export class UpstreamWork {
  readonly miners: Miners
  readonly tallies = new ShareTallies()
  readonly #settings: UpstreamWorkSettings
  readonly #deps: UpstreamWorkDeps
  readonly #allocation: Allocation
  #terms: WorkTerms | undefined
  #jobId = 0
  #oldestLive = 0
  readonly #timers = new Timers('step')
  #goneSince: Millis = NEVER
  #stopped = false
  #now: Millis = 0

  constructor(settings: UpstreamWorkSettings, deps: UpstreamWorkDeps) {
    this.#settings = settings
    this.#deps = deps
    this.miners = this.#timers.add(
      new Miners(settings.miners, {
        ...deps,
        source: {
          terms: () => this.#currentTerms(),
          bookFor: (request) => this.#bookFor(request),
          released: (book) => this.#allocation.released(book, this.#now),
          extraJob: (book) => this.#allocation.workloads.of(book)?.work.feed.extraJob(this.#now),
          accepted: (channel, share, good) => this.#accepted(channel, share, good),
        },
      }),
    )
    this.#allocation = new Allocation(settings, {
      miners: this.miners,
      leaseSize: leaseSize(settings.miners.extranonce),
      onlyPaidShares: settings.onlyPaidShares,
      numbering: {
        nextJobId: () => this.#nextJobId(),
        nextOrder: () => this.miners.nextOrder(),
        oldestLive: () => this.#oldestLiveOf(),
      },
      owner: {
        answered: (share, errorCode, now) => {
          const tally = this.tallies.of(share.channel)
          if (errorCode === undefined) tally.acknowledged++
          else if (errorCode === 'unanswered') tally.unanswered++
          else tally.refused++
          this.miners.settle(share, errorCode === 'unanswered' ? 'stale-share' : errorCode, now)
        },
        closed: (workload, reason) => this.#closeChannels(workload, reason),
      },
      emit: deps.emit,
    })
    this.#timers.add(this.#allocation.channels)
  }

  /** Live numbers for metrics. */
  get counts(): {
    readonly connections: number
    readonly channels: number
    readonly upstreamChannels: number
  } {
    const { connectionCount: connections, channelCount: channels } = this.miners
    return { connections, channels, upstreamChannels: this.#allocation.feeding }
  }

  /** There is work to mine on. */
  get hasWork(): boolean {
    return this.#allocation.feeding > 0
  }

  /** Header version bits the upstreams let devices roll, as far as that is known. */
  get versionRollingMask(): number | undefined {
    return this.#terms?.versionRollingMask
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  ownsUpstream(session: SessionId): boolean {
    return this.#allocation.channels.owns(session)
  }

  /** Takes an event of the upstreams' side. */
  upstream(event: Exclude<UpstreamEvent, { kind: 'tick' }>, now: Millis): void {
    this.#now = now
    this.#allocation.channels.handle(event, now)
    this.#learnTerms(now)
    this.#schedule(now)
  }

  /** A message, an opening or an end on the miners' side. */
  miner(event: Parameters<Miners['handle']>[0], now: Millis): void {
    this.#now = now
    if (event.kind === 'opened') this.#allocation.demand(now)
    this.miners.handle(event, now)
    if (event.kind === 'closed') this.#allocation.abandon(event.session, now)
    this.#schedule(now)
  }

  /** See `Miners.submit`. */
  submit(...[session, share, now]: Parameters<Miners['submit']>): ReturnType<Miners['submit']> {
    this.#now = now
    return this.miners.submit(session, share, now)
  }

  /** Sends every miner to another place (empty host and port 0: back here), and takes leave of the upstreams. */
  drain(endpoint: { readonly host: string; readonly port: number }): void {
    this.miners.drain(endpoint)
    this.#allocation.leave('shutting-down')
  }

  tick(now: Millis): void {
    this.#now = now
    this.#allocation.channels.tick(now)
    this.miners.handle({ kind: 'tick' }, now)
    if (this.#timers.isDue('step', now)) this.#step(now)
    this.#learnTerms(now)
    this.#schedule(now)
  }

  #step(now: Millis): void {
    this.#timers.stop('step')
    this.#allocation.step(this.miners.channels, now)
    if (this.#settings.repeatMs > 0) {
      for (const { work } of this.#allocation.workloads)
        if (work.channel !== undefined && now >= work.feed.lastJob + this.#settings.repeatMs)
          work.feed.repeat(now)
    }
    this.#oldestLive = this.#scanOldestLive()
    this.tallies.sweep()
    this.#gone(now)
  }

  /** Notices that no upstream is left, and tells the miners to stop when that lasts. */
  #gone(now: Millis): void {
    const isGone = this.#allocation.isDemanded && this.#allocation.feeding === 0
    if (!isGone) {
      this.#goneSince = NEVER
      this.#stopped = false
      return
    }
    if (this.#goneSince === NEVER) this.#goneSince = now
    const { whenGone, stopAfterMs } = this.#settings
    if (this.#stopped || now < this.#goneSince + stopAfterMs) return
    this.#stopped = true
    const channels = whenGone === 'stop' ? [...this.miners.channels] : []
    this.#deps.emit({ kind: 'upstreamsGone', stopped: channels.length })
    for (const channel of channels) this.miners.closeChannel(channel, 'no-upstream')
  }

  #schedule(now: Millis): void {
    const busy = this.miners.channelCount > 0 || this.#allocation.isDemanded
    if (busy && !this.#timers.isSet('step')) this.#timers.set('step', now + STEP_MS)
  }

  #currentTerms(): WorkTerms | undefined {
    return this.#terms
  }

  /** What the upstreams allow; who was told more than that is asked to come again. */
  #learnTerms(now: Millis): void {
    const links = this.#allocation.channels.readyLinks()
    if (links.length === 0) return
    let versionRollingMask = 0xffff_ffff
    for (const { flags, capabilities } of links) {
      versionRollingMask &=
        (flags & MINING_SUCCESS_FLAGS.REQUIRES_FIXED_VERSION) !== 0 ? 0 : capabilities.versionRollingMask
    }
    versionRollingMask >>>= 0
    if (this.#terms?.versionRollingMask === versionRollingMask) return
    const isFirst = this.#terms === undefined
    this.#terms = { versionRollingMask }
    this.#deps.emit({ kind: 'termsChanged', versionRollingMask })
    if (isFirst) this.miners.resume(now)
    else this.miners.limitVersionRolling(versionRollingMask, this.#deps.learnsVersionMask)
  }

  #bookFor(request: WorkRequest): Assignment | Refusal | 'later' {
    const detail = unpayable(this.#settings, request.identity)
    if (detail !== undefined) return { code: 'invalid-user-identity', detail }
    const workload = this.#allocation.workloadFor(request, this.#now)
    if (workload.refusal !== undefined) {
      const { cause, code: told } = workload.refusal
      const code = cause === 'user' ? 'invalid-user-identity' : 'channel-capacity-exhausted'
      this.#allocation.drop(workload, this.#now)
      return { code, detail: `the upstream refuses it: ${told}` }
    }
    const { rolled } = workload
    if (rolled === undefined || workload.book.active === undefined) return 'later'
    const least = Math.max(request.minExtranonceSize, 0)
    if (least > rolled || rolled > request.maxExtranonceSize) {
      this.#allocation.drop(workload, this.#now)
      return {
        code: 'min-extranonce-size-too-large',
        detail: `min_extranonce_size ${least}, and ${rolled} are left here`,
      }
    }
    // a workload that was made for this miner has its hash rate already
    if (workload.origin === undefined) addHashrate(workload, request.nominalHashrate)
    this.#allocation.workloads.fetched(workload)
    return { book: workload.book, extranonceSize: rolled, user: request.identity }
  }

  #accepted(channel: Channel, share: Share, good: GoodShare): 'credited' | 'pending' {
    const { job, hash, isBlock } = good
    const tally = this.tallies.of(channel)
    tally.found++
    // a channel that was moved still finds shares of the work it had before, and they are paid where that came from
    const book = channel.book.live(job.jobId) === job ? channel.book : channel.formerBook
    const workload = book === undefined ? undefined : this.#allocation.workloads.of(book)
    const above = workload?.work.channel
    const origin = workload?.work.feed.origin(job)
    if (above === undefined || origin?.channel !== above) return 'credited'
    if (!isBlock && !above.pays(origin, hash)) return 'credited'
    above.submit(sentShare({ channel, share, good }, this.#now), origin)
    tally.sent++
    this.#deps.emit({
      kind: 'shareSent',
      session: channel.session,
      channelId: channel.id,
      upstream: above.upstream,
      isBlock,
    })
    return 'pending'
  }

  #closeChannels(workload: Workload, reason: string): void {
    this.miners.closeBook(workload.book, reason)
  }

  #oldestLiveOf(): number {
    return this.#allocation.workloads.size <= 16 ? this.#scanOldestLive() : this.#oldestLive
  }

  #scanOldestLive(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const { book } of this.#allocation.workloads) oldest = Math.min(oldest, book.oldestLive)
    return Number.isFinite(oldest) ? oldest : this.miners.nextOrder()
  }

  #nextJobId(): number {
    this.#jobId = (this.#jobId + 1) >>> 0
    return this.#jobId
  }
}
