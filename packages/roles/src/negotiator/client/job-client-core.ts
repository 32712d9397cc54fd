import { displayHash, type Sha256d, targetToDifficulty } from '@sv2/bitcoin'
import { type Message, PAYOUT_DISTRIBUTION } from '@sv2/messages'
import type { SolutionEffect } from '../../client/open-solutions.ts'
import type { UpstreamChannel } from '../../client/upstream-channel.ts'
import { type Emit, type Millis, NEVER, type SessionEffect, type SessionId } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import type { Channel } from '../../mining/channel/channel.ts'
import { leaseSize } from '../../mining/channel/extranonce.ts'
import type { Job } from '../../mining/channel/job.ts'
import type { GoodShare, Share } from '../../mining/channel/judge.ts'
import { Miners } from '../../mining/miners/miners.ts'
import type {
  Assignment,
  Refusal,
  ShareOutcome,
  WorkRequest,
  WorkSource,
} from '../../mining/miners/work-source.ts'
import { type CoinbaseRoom, roomForBoth, roomOf, roomOfDistribution } from '../../payouts/coinbase-room.ts'
import type { Distribution } from '../../payouts/distribution.ts'
import type { ShareTallies } from '../../work/upstream/share-tally.ts'
import type { UpstreamWorkEffect } from '../../work/upstream/upstream-work.ts'
import type { JobClientFact } from './facts.ts'
import type { ClientNews, Tell } from './news.ts'
import { OwnTemplates } from './own-templates.ts'
import type { OwnWork, PaidWork, PoolWork } from './own-work.ts'
import type { Pair } from './pair.ts'
import type { PairLinkEvent } from './pair-port.ts'
import { Pairs } from './pairs.ts'
import { PoolShares } from './pool-shares.ts'
import { Proposing } from './proposing.ts'
import type { JobClientSettings } from './settings.ts'
import { solutionsOf } from './solution.ts'
import { WorkPlan } from './work-plan.ts'
import { Workshop } from './workshop.ts'

/** Once a second: what is overdue, hash rates, jobs that grew old. */
const STEP_MS = 1_000

export interface JobClientDeps {
  readonly emit: Emit<SessionEffect | JobClientFact | SolutionEffect>
  /** What a Stratum V1 front may have to say in its own way. */
  readonly emitToMiners: Emit<UpstreamWorkEffect>
  readonly sha256d: Sha256d
  /** SHA-256 once. */
  readonly sha256: (data: Uint8Array) => Uint8Array
  readonly randomBytes: (count: number) => Uint8Array
  /** A session that hears of new limits of version rolling while it is open. */
  readonly learnsVersionMask?: (session: SessionId) => boolean
}

/**
 * Miners below, our own templates beside, pools above. Miners have work, no matter what pools do, as long as there is a
 * template: for the pool that is worked for, or for ourselves while no pool can be used (JDC-10, JNC-09).
 */
export class JobClientCore {
  readonly miners: Miners
  readonly #settings: JobClientSettings
  readonly #deps: JobClientDeps
  readonly #own: OwnTemplates
  /** What our own outputs need in a coinbase. */
  readonly #ownRoom: CoinbaseRoom
  readonly #pairs: Pairs
  readonly #proposing: Proposing
  readonly #shares: PoolShares
  readonly #workshop: Workshop
  readonly #plan: WorkPlan
  #jobId = 0
  readonly #timers = new Timers('step')
  #now: Millis = 0

  constructor(settings: JobClientSettings, deps: JobClientDeps) {
    this.#settings = settings
    this.#deps = deps
    const { emit } = deps
    const tell: Tell = (news, now) => this.#news(news, now)
    const size = leaseSize(settings.miners.extranonce) + settings.rollableExtranonceSize
    const miners = this.#timers.add(
      new Miners(settings.miners, { sha256d: deps.sha256d, emit: deps.emitToMiners, source: this.#source() }),
    )
    const numbering = {
      nextJobId: () => this.#nextJobId(),
      nextOrder: () => miners.nextOrder(),
      oldestLive: () => workshop.book.oldestLive,
    }
    const workshop: Workshop = new Workshop({ ...settings, size }, { miners, numbering })
    this.#ownRoom = roomOf([...settings.outputs, { value: 0n, script: settings.payoutScript }])
    const room = roomForBoth(settings.templates, this.#ownRoom)
    const own = new OwnTemplates({ ...settings.templates, ...room }, emit)
    // what a distribution needs is not known before it is told, and a template without that room is of no use (docs/wire.md §6.7)
    const mayFollow = settings.pairs.some(({ extensions }) => extensions.includes(PAYOUT_DISTRIBUTION))
    if (mayFollow) own.feed.hold()
    // each part calls those before it, and tells the rest
    const pairs = this.#timers.add(new Pairs({ ...settings, size }, { ...deps, miners, tell }))
    const { refusedShares, patience, fullTemplate } = settings
    const shares = new PoolShares({ miners, pairs, emit, refusedShares, raceMs: patience.raceMs })
    const parts = { miners, own, workshop, pairs, shares, emit }
    const proposing = new Proposing({ ...parts, patience, fullTemplate, tell })
    const { emitToMiners, learnsVersionMask } = deps
    this.#plan = new WorkPlan({ ...parts, proposing, emitToMiners, learnsVersionMask })
    this.miners = miners
    this.#workshop = workshop
    this.#own = own
    this.#pairs = pairs
    this.#shares = shares
    this.#proposing = proposing
  }

  /** Where the miners' work comes from. */
  #source(): WorkSource {
    return {
      terms: () => this.#plan.terms,
      bookFor: (request) => this.#bookFor(request),
      released: () => undefined,
      extraJob: () => this.#workshop.jobs.extraJob(this.#now),
      accepted: (channel, share, good) => this.#accepted(channel, share, good),
    }
  }

  /** Live numbers for metrics. */
  get counts(): {
    readonly connections: number
    readonly channels: number
    readonly upstreamChannels: number
  } {
    const { connectionCount: connections, channelCount: channels } = this.miners
    const upstreamChannels = this.#pairs.all().filter(({ channel }) => channel !== undefined).length
    return { connections, channels, upstreamChannels }
  }

  /** There is work to mine on. */
  get hasWork(): boolean {
    return this.#plan.hasWork
  }

  /** Found, sent, acknowledged and more, for every channel that found a share. */
  get tallies(): ShareTallies {
    return this.#shares.tallies
  }

  /** Header version bits that devices may roll, as far as that is known. */
  get versionRollingMask(): number | undefined {
    return this.#plan.terms?.versionRollingMask
  }

  /** The transactions of a job that a pool was asked to agree to with all of them. */
  transactionsOf(job: Job): readonly Uint8Array[] | undefined {
    const work = this.#workshop.jobs.origin(job)?.work
    const isOurs = work?.channel !== undefined && work.template !== undefined
    return isOurs ? (work as PoolWork).transactions?.list : undefined
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  ownsUpstream(session: SessionId): boolean {
    return this.#pairs.owns(session)
  }

  ownsTemplates(session: SessionId): boolean {
    return this.#own.feed.owns(session)
  }

  /** Begins: pools are connected. */
  begin(now: Millis): void {
    this.#now = now
    if (this.#plan.soloFrom !== NEVER) return
    this.#plan.soloFrom = this.#settings.pairs.length === 0 ? now : now + this.#settings.patience.soloAfterMs
    this.#timers.set('step', now + STEP_MS)
    this.#pairs.steer(now)
  }

  /** Takes an event of a pool or of its server. */
  upstream(event: PairLinkEvent, now: Millis): void {
    this.#now = now
    this.#pairs.handle(event, now)
  }

  /** The template provider is connected. */
  templatesOpened(session: SessionId, now: Millis): void {
    this.#now = now
    this.#own.feed.opened(session)
    for (const pair of this.#pairs.all()) this.#proposing.templatesOpened(pair, now)
  }

  /** The template provider is gone; miners stay on the last job for a while. */
  templatesClosed(now: Millis): void {
    this.#own.closed(now)
  }

  /** The template provider said something. */
  templates(message: Message, now: Millis): void {
    this.#now = now
    const news = this.#own.message(message, now)
    switch (news?.kind) {
      case undefined:
        return
      case 'transactions': {
        const { templateId, found } = news
        for (const pair of this.#pairs.all()) this.#proposing.transactions(pair, templateId, found, now)
        return
      }
      case 'update':
        return this.#plan.work('update', now)
      case 'tip': {
        const networkDifficulty = targetToDifficulty(news.tip.networkTarget)
        this.#deps.emit({ kind: 'newTip', prevHash: displayHash(news.tip.prevHash), networkDifficulty })
        for (const pair of this.#pairs.all()) {
          this.#shares.tipChanged(pair)
          this.#plan.compareTips(pair, now)
        }
        this.#pairs.tipChanged(now)
        this.#plan.work('tip', now)
      }
    }
  }

  /** A message, an opening or an end on the miners' side. */
  miner(event: Parameters<Miners['handle']>[0], now: Millis): void {
    this.#now = now
    this.miners.handle(event, now)
  }

  /** See `Miners.submit`. */
  submit(...[session, share, now]: Parameters<Miners['submit']>): ReturnType<Miners['submit']> {
    this.#now = now
    return this.miners.submit(session, share, now)
  }

  tick(now: Millis): void {
    this.#now = now
    this.begin(now)
    if (now >= this.#pairs.nextDeadline()) this.#pairs.tick(now)
    this.miners.handle({ kind: 'tick' }, now)
    if (!this.#timers.isDue('step', now)) return
    this.#timers.set('step', now + STEP_MS)
    this.#pairs.tick(now)
    if (this.#own.tick(now)) this.#plan.stop(now)
    if (now >= this.#plan.soloFrom) this.#own.feed.release()
    const { inUse } = this.#pairs
    if (inUse?.isAhead === true && !inUse.minesOffer) this.#plan.mineOffer(inUse, now)
    if (inUse?.isBehind === true && inUse.inFlight === undefined) this.#plan.propose(inUse, 'update', now)
    for (const pair of this.#pairs.all()) {
      this.#proposing.watch(pair, now)
      this.#shares.watch(pair, now)
    }
    this.#pairs.tellHashrate()
    this.#shares.tallies.sweep()
    if (!this.hasWork) this.#plan.work('tip', now)
    const { jobs } = this.#workshop
    if (now >= jobs.lastJob + this.#settings.jobRefreshMs) jobs.repeat(now)
  }

  /** What one part has to tell goes to the parts that it concerns, here alone. */
  #news(news: ClientNews, now: Millis): void {
    switch (news.kind) {
      case 'chosen':
        return this.#plan.chosen(news.pair, news.reason, now)
      case 'gone':
        this.#proposing.abandon(news.pair, now)
        return this.#shares.unanswered(news.pair, news.pair.channel, now)
      case 'serverGone':
        return this.#proposing.serverGone(news.pair, now)
      case 'token':
        if (!news.pair.followsDistributions) {
          this.#own.needRoom(roomForBoth(this.#ownRoom, news.token.room), now)
          this.#own.feed.release()
        }
        return this.#proposing.token(news.pair, now)
      case 'distribution':
        return this.#distribution(news.pair, news.distribution, now)
      case 'said':
        return this.#said(news.pair, news.message, now)
      case 'offered':
        return this.#plan.offered(news.pair, now)
      case 'saidOfOffers':
        return this.#channelSaid(news.pair, news.pair.offers.channel, news.message, now)
      case 'offersGone':
        return this.#shares.unanswered(news.pair, news.pair.offers.channel, now)
      case 'agreed':
        return this.#plan.agreed(news.pair, news.work, now)
      case 'catchUp':
        return this.#plan.propose(news.pair, 'update', now)
    }
  }

  /** Jobs for a pool follow another distribution: templates get room for it, and the present job is proposed anew. */
  #distribution(pair: Pair, distribution: Distribution, now: Millis): void {
    this.#own.suitRoom(roomForBoth(this.#ownRoom, roomOfDistribution(distribution)), now)
    this.#own.feed.release()
    if (this.#pairs.inUse === pair) this.#plan.propose(pair, 'update', now)
  }

  #said(pair: Pair, message: Message, now: Millis): void {
    if (this.#proposing.said(pair, message, now)) return
    const { channel } = pair
    if (message.type === 'SetGroupChannel') return channel?.joins(message)
    if (channel === undefined || !('channelId' in message)) return
    if (message.channelId !== channel.channelId && message.channelId !== channel.groupId) return
    this.#channelSaid(pair, channel, message, now)
  }

  #channelSaid(pair: Pair, channel: UpstreamChannel | undefined, message: Message, now: Millis): void {
    if (channel === undefined) return
    const at = { order: this.miners.nextOrder(), oldestLive: this.#workshop.book.oldestLive }
    const news = channel.message(message, at)
    switch (news?.kind) {
      case undefined:
        return
      case 'target':
        if (this.#pairs.inUse === pair && pair.minesOffer === (channel === pair.offers.channel))
          this.#workshop.book.limit(channel.level)
        return
      case 'acknowledged':
      case 'refused':
        return this.#shares.answered(pair, news, now)
      case 'closed':
        return this.#pairs.fail(pair, 'channelDenied', `it closed our channel: ${news.reason}`, now)
      case 'ignored':
        this.#deps.emit({ kind: 'upstreamMessageIgnored', upstream: pair.place, reason: news.reason })
    }
  }

  #bookFor(request: WorkRequest): Assignment | Refusal | 'later' {
    const { book } = this.#workshop
    if (book.active === undefined) return 'later'
    const { rollableExtranonceSize: rolled } = this.#settings
    const { minExtranonceSize: least, maxExtranonceSize: most, identity: user } = request
    if (least > rolled || rolled > most) {
      const detail = `min_extranonce_size ${least}, and ${rolled} are left here`
      return { code: 'min-extranonce-size-too-large', detail }
    }
    return { book, extranonceSize: rolled, user }
  }

  #accepted(channel: Channel, share: Share, good: GoodShare): ShareOutcome {
    this.#shares.tallies.of(channel).found++
    const origin = this.#workshop.jobs.origin(good.job)
    if (origin === undefined) return 'credited'
    const { work } = origin
    if (good.isBlock) this.#solved(channel, share, good)
    if (work.channel === undefined) return 'credited'
    return this.#shares.accepted({ channel, share, good }, { ...origin, work: work as PaidWork }, this.#now)
  }

  /** A block goes to the own template provider, and to the pool's server, at once (JDC-09, DEV-31). */
  #solved(channel: Channel, share: Share, good: GoodShare): void {
    const origin = this.#workshop.jobs.origin(good.job)
    if (origin === undefined) return
    const { work, spare } = origin
    const pair = this.#pairs.all().find((known) => known.has(work.channel))
    // a share of a pool's own job tells the pool all it needs, and only the pool can make the block
    if (work.template !== undefined) {
      const { submit, push } = solutionsOf({ work: work as OwnWork, spare }, { channel, share, good })
      this.#own.feed.submit({ hash: displayHash(good.hash), prevHash: work.tip.prevHash, message: submit })
      if (pair !== undefined) this.#proposing.solved(pair, work as PoolWork, push)
    }
    this.#deps.emit({
      kind: 'blockFound',
      session: channel.session,
      channelId: channel.id,
      user: channel.user,
      worker: channel.worker,
      hash: displayHash(good.hash),
      templateId: work.template?.templateId,
      place: pair?.place,
    })
  }

  #nextJobId(): number {
    this.#jobId = (this.#jobId + 1) >>> 0
    return this.#jobId
  }
}
