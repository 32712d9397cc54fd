import { displayHash, MAX_TARGET, type Sha256d, targetToDifficulty } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import type { SolutionEffect } from '../../client/open-solutions.ts'
import type { UpstreamChannel } from '../../client/upstream-channel.ts'
import { type Emit, type Millis, NEVER, type SessionEffect, type SessionId } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import type { Channel } from '../../mining/channel/channel.ts'
import { leaseSize } from '../../mining/channel/extranonce.ts'
import type { Job } from '../../mining/channel/job.ts'
import type { GoodShare, Share } from '../../mining/channel/judge.ts'
import { Miners } from '../../mining/miners/miners.ts'
import type { Assignment, Refusal, ShareOutcome, WorkRequest } from '../../mining/miners/work-source.ts'
import type { ShareTallies } from '../../work/upstream/share-tally.ts'
import type { UpstreamWorkEffect } from '../../work/upstream/upstream-work.ts'
import type { UpstreamEvent } from '../../work/upstreams.ts'
import type { JobClientFact } from './facts.ts'
import { roomForBoth, roomOf } from './granted-token.ts'
import { OwnTemplates } from './own-templates.ts'
import type { OwnWork, PaidWork, PoolWork } from './own-work.ts'
import type { Pair } from './pair.ts'
import { Pairs } from './pairs.ts'
import { PoolShares } from './pool-shares.ts'
import { Proposing } from './proposing.ts'
import type { JobClientSettings } from './settings.ts'
import { solutionOf } from './solution.ts'
import { WorkPlan } from './work-plan.ts'
import { Workshop } from './workshop.ts'

/** Once a second: what is overdue, hash rates, jobs that grew old. */
const STEP_MS = 1_000
/** A changed hash rate is told when it differs by this part. */
const WORTH_TELLING = 0.1
/** H/s: what is told is a single-precision number. */
const MOST_HASHRATE = 1e38

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
    const size = leaseSize(settings.miners.extranonce) + settings.rollableExtranonceSize
    const numbering = {
      nextJobId: () => this.#nextJobId(),
      nextOrder: () => this.miners.nextOrder(),
      oldestLive: () => this.#workshop.book.oldestLive,
    }
    this.miners = this.#timers.add(
      new Miners(settings.miners, {
        sha256d: deps.sha256d,
        emit: deps.emitToMiners,
        source: {
          terms: () => this.#plan.terms,
          bookFor: (request) => this.#bookFor(request),
          released: () => undefined,
          extraJob: () => this.#workshop.jobs.extraJob(this.#now),
          accepted: (channel, share, good) => this.#accepted(channel, share, good),
        },
      }),
    )
    this.#workshop = new Workshop({ ...settings, size }, { miners: this.miners, numbering })
    const own = roomOf([...settings.outputs, { value: 0n, script: settings.payoutScript }])
    this.#own = new OwnTemplates({ ...settings.templates, ...roomForBoth(settings.templates, own) }, emit)
    const owner = {
      emit,
      hashrate: () => this.#hashrate(),
      tipSince: () => this.#own.tipSince,
      nextOrder: () => this.miners.nextOrder(),
    }
    this.#pairs = this.#timers.add(
      new Pairs(
        { ...settings, size },
        {
          ...deps,
          owner: {
            ...owner,
            chosen: (pair, reason, now) => this.#plan.chosen(pair, reason, now),
            gone: (pair, now) => this.#gone(pair, now),
            serverGone: (pair, now) => this.#proposing.serverGone(pair, now),
            token: (pair, token, now) => {
              this.#own.needRoom(roomForBoth(own, token.room), now)
              this.#proposing.token(pair, now)
            },
            said: (pair, message, now) => this.#said(pair, message, now),
            offered: (pair, now) => this.#plan.offered(pair, now),
            saidOfOffers: (pair, message, now) => this.#channelSaid(pair, pair.offers.channel, message, now),
            offersGone: (pair, now) => this.#shares.unanswered(pair, pair.offers.channel, now),
          },
        },
      ),
    )
    const fail = this.#pairs.fail.bind(this.#pairs)
    this.#proposing = new Proposing({
      workshop: this.#workshop,
      patience: settings.patience,
      fullTemplate: settings.fullTemplate,
      owner: {
        ...owner,
        fail,
        step: (pair, event) => void this.#pairs.step(pair, event),
        transactions: (template) => this.#own.transactionsOf(template),
        agreed: (pair, work, now) => this.#plan.agreed(pair, work, now),
        dropped: (pair, work, now) => this.#shares.drop(pair, work, now),
        catchUp: (pair, now) => this.#plan.propose(pair, 'update', now),
      },
    })
    this.#shares = new PoolShares({
      refusedShares: settings.refusedShares,
      raceMs: settings.patience.raceMs,
      owner: {
        ...owner,
        fail,
        settle: (share, errorCode, now) => this.miners.settle(share, errorCode, now),
      },
    })
    this.#plan = new WorkPlan({
      miners: this.miners,
      own: this.#own,
      workshop: this.#workshop,
      pairs: this.#pairs,
      proposing: this.#proposing,
      shares: this.#shares,
      emit,
      emitToMiners: deps.emitToMiners,
      learnsVersionMask: deps.learnsVersionMask,
    })
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
  upstream(event: Exclude<UpstreamEvent, { kind: 'tick' }>, now: Millis): void {
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
    const { inUse } = this.#pairs
    if (inUse?.isAhead === true && !inUse.minesOffer) this.#plan.mineOffer(inUse, now)
    if (inUse?.isBehind === true && inUse.inFlight === undefined) this.#plan.propose(inUse, 'update', now)
    for (const pair of this.#pairs.all()) {
      this.#proposing.watch(pair, now)
      this.#shares.watch(pair, now)
    }
    this.#tellHashrate()
    this.#shares.tallies.sweep()
    if (!this.hasWork) this.#plan.work('tip', now)
    const { jobs } = this.#workshop
    if (now >= jobs.lastJob + this.#settings.jobRefreshMs) jobs.repeat(now)
  }

  #gone(pair: Pair, now: Millis): void {
    this.#proposing.abandon(pair, now)
    this.#shares.unanswered(pair, pair.channel, now)
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
      const { submit, push } = solutionOf({ work: work as OwnWork, spare }, { channel, share, good })
      this.#own.feed.submit({ hash: displayHash(good.hash), prevHash: work.tip.prevHash, message: submit })
      if (this.#settings.fullTemplate) pair?.dialogue?.push(push)
    }
    this.#deps.emit({
      kind: 'blockFound',
      session: channel.session,
      channelId: channel.id,
      user: channel.user,
      hash: displayHash(good.hash),
      templateId: work.template?.templateId,
      place: pair?.place,
    })
  }

  #hashrate(): number {
    let sum = 0
    for (const { hashrate } of this.miners.channels) sum += hashrate
    return Math.min(sum, MOST_HASHRATE)
  }

  #tellHashrate(): void {
    const hashrate = this.#hashrate()
    for (const pair of this.#pairs.all()) {
      const { channel, told } = pair
      if (channel === undefined || Math.abs(hashrate - told) <= WORTH_TELLING * told) continue
      pair.told = hashrate
      channel.update(hashrate, MAX_TARGET)
      pair.offers.channel?.update(hashrate, MAX_TARGET)
    }
  }

  #nextJobId(): number {
    this.#jobId = (this.#jobId + 1) >>> 0
    return this.#jobId
  }
}
