import { displayHash, hex, meetsTarget, targetToDifficulty } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import type { Reconnect, Sv1FromPool, Sv1ToPool } from '@sv2/sv1'
import { Outbox } from '../../ground/outbox.ts'
import type { Port, SinglePort } from '../../ground/port.ts'
import type { Millis, Role, SessionEffect, SessionEvent } from '../../ground/role.ts'
import { Timers } from '../../ground/timers.ts'
import type { Channel } from '../../mining/channel/channel.ts'
import { fullExtranonce, type GoodShare, type Share } from '../../mining/channel/judge.ts'
import { Miners } from '../../mining/miners/miners.ts'
import type { MinersDeps } from '../../mining/miners/state.ts'
import type { ShareOutcome, WorkTerms } from '../../mining/miners/work-source.ts'
import type { LinkCommand, V2ToV1Fact } from './facts.ts'
import type { SubmittedShare } from './pool-requests.ts'
import type { PoolSession } from './pool-session.ts'
import type { PoolLink } from './pool-slot.ts'
import { type PoolSlot, rollsFreely } from './pool-slot.ts'
import { type PoolLinkNews, type PoolPort, PoolSlots } from './pool-slots.ts'
import type { V1PoolWork } from './pool-work.ts'
import { sameDomain } from './same-domain.ts'
import type { V2ToV1Settings } from './settings.ts'
import { SlotAssignment } from './slot-assignment.ts'

export type V2ToV1Event =
  | SessionEvent<SinglePort<'miners'> | PoolPort, Message | Sv1FromPool>
  /** An attempt to connect a link failed. */
  | { readonly kind: 'unreachable'; readonly link: number }

export type V2ToV1Effect = SessionEffect<Message | Sv1ToPool> | LinkCommand | V2ToV1Fact

/** Answers that stay away are noticed this often, ms. */
const STEP_MS = 1_000
/** The longest pause before a reconnect that a pool may ask for, s. */
const MAX_WAIT_SECONDS = 300
const ANY_VERSION = 0xffff_ffff

/**
 * Stratum V2 devices below, Stratum V1 pools above. Channels share out extranonce2: the lease of each stands in front,
 * what the device rolls behind. Shares that the pool pays for go there, and its answer is what the device is told;
 * easier ones only show that the device is at work.
 */
export class V2ToV1 implements Role<V2ToV1Event, V2ToV1Effect> {
  readonly #settings: V2ToV1Settings
  readonly #miners: Miners
  readonly #slots: PoolSlots
  readonly #assignment: SlotAssignment
  /** What each pool lets devices roll, as far as it is known. */
  readonly #masks = new Map<number, number>()
  #terms: WorkTerms | undefined
  /** `begin`: the pools are connected at the first tick. */
  readonly #timers = new Timers('begin', 'step')
  #now: Millis = 0
  readonly #outbox = new Outbox<V2ToV1Effect>()

  constructor(settings: V2ToV1Settings, deps: MinersDeps) {
    this.#settings = settings
    this.#timers.set('begin', 0)
    this.#miners = this.#timers.add(
      new Miners(settings.miners, {
        ...deps,
        emit: this.#outbox.emit,
        source: {
          terms: () => this.#terms,
          bookFor: (request) => this.#assignment.bookFor(request, this.#now),
          released: (book) => this.#assignment.released(book),
          extraJob: (book) => this.#assignment.of(book)?.jobs.extraJob(this.#now),
          accepted: (channel, share, good) => this.#accepted(channel, share, good),
        },
      }),
    )
    this.#slots = new PoolSlots(settings, this.#outbox.emit)
    this.#assignment = new SlotAssignment(settings, { miners: this.#miners, slots: this.#slots })
  }

  /** Live numbers for metrics. */
  get counts(): {
    readonly connections: number
    readonly channels: number
    readonly poolConnections: number
  } {
    const { connectionCount: connections, channelCount: channels } = this.#miners
    return { connections, channels, poolConnections: this.#slots.connected }
  }

  /** A pool can be mined at, as far as that is known. */
  get hasWork(): boolean {
    const { shared } = this.#assignment
    return shared === undefined ? this.#terms !== undefined : shared.using !== undefined
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  handle(event: V2ToV1Event, now: Millis): readonly V2ToV1Effect[] {
    this.#now = now
    this.#timers.stop('begin')
    this.#assignment.open(now)
    if (event.kind === 'tick') this.#tick(now)
    else if (event.kind === 'unreachable') this.#unreachable(event.link, now)
    else this.#session(event, now)
    if (this.#slots.connected > 0 && !this.#timers.isSet('step')) this.#timers.set('step', now + STEP_MS)
    this.#miners.endTurn()
    return this.#outbox.take()
  }

  #session(
    event: Exclude<SessionEvent<SinglePort<'miners'> | PoolPort, Message | Sv1FromPool>, { kind: 'tick' }>,
    now: Millis,
  ): void {
    if (event.kind === 'opened' && event.port.kind === 'pool') {
      const opened = this.#slots.opened(event.session, event.port, now)
      return opened === undefined ? undefined : this.#learn(opened.link, opened.session, now)
    }
    if (!this.#slots.owns(event.session)) {
      this.#miners.handle(event as SessionEvent<Port>, now)
      if (event.kind === 'closed') this.#assignment.abandon(event.session)
      return
    }
    if (event.kind === 'opened') return
    const news =
      event.kind === 'closed'
        ? this.#slots.closed(event.session)
        : this.#slots.message(event.session, event.message as Sv1FromPool, now)
    if (news !== undefined) this.#news(news, now)
  }

  #tick(now: Millis): void {
    this.#miners.handle({ kind: 'tick' }, now)
    if (!this.#timers.isDue('step', now)) return
    this.#timers.stop('step')
    for (const news of this.#slots.overdue(now)) this.#news(news, now)
    // one that is trusted again by now takes over
    for (const slot of [...this.#slots.all()]) if (slot.links.size > 1) this.#use(slot, now)
  }

  #unreachable(id: number, now: Millis): void {
    const slot = this.#slots.unreachable(id)
    if (slot !== undefined) this.#use(slot, now)
  }

  #news({ link, session, news }: PoolLinkNews, now: Millis): void {
    const { pool, slot } = link
    switch (news.kind) {
      case 'mask':
        return this.#learn(link, session, now)
      case 'work':
        return this.#work(link, session, news.work, now)
      case 'difficulty':
        if (slot.using === link) slot.limit(session)
        this.#outbox.emit({ kind: 'poolDifficulty', pool, difficulty: news.difficulty })
        return
      case 'answered':
        this.#settle(link, news.share, news.code, now)
        return this.#use(slot, now)
      case 'unanswered':
        this.#unanswered(link, news.shares, now)
        return this.#use(slot, now)
      case 'unusable':
        slot.failover.failed(link.pool)
        slot.failover.down(link.pool)
        link.refused = true
        this.#outbox.emit({
          kind: 'poolRefused',
          pool,
          link: link.id,
          reason: news.reason,
          detail: news.detail,
        })
        return this.#use(slot, now)
      case 'badWork':
        this.#outbox.emit({ kind: 'poolJobRefused', pool, reason: news.reason })
        return
      case 'lost':
        this.#unanswered(link, news.shares, now)
        return this.#use(slot, now)
      case 'reconnect':
        return this.#reconnect(link, session, news.to)
      case 'words':
        this.#outbox.emit({ kind: 'poolMessage', pool, text: news.text })
        return
      case 'ignored':
        this.#outbox.emit({ kind: 'poolLineIgnored', pool, reason: news.reason })
    }
  }

  /** What the pool lets devices roll, and with it what devices are told. */
  #learn(link: PoolLink, session: PoolSession, now: Millis): void {
    const { mask } = session
    if (mask === undefined) return
    const { shared } = this.#assignment
    this.#masks.set(link.pool, mask)
    this.#outbox.emit({ kind: 'poolVersionMask', pool: link.pool, mask })
    if (shared === undefined || this.#terms === undefined || shared.using === link) this.#setTerms(now)
    this.#assignment.learned(link.slot)
  }

  #setTerms(now: Millis): void {
    const using = this.#assignment.shared?.using
    const mask = using?.session?.mask
    if (using !== undefined && mask === undefined) return
    const masks = mask === undefined ? [...this.#masks.values()] : [mask]
    const allowed = masks.map((each) => (rollsFreely(each) ? ANY_VERSION : each))
    const versionRollingMask = allowed.reduce((all, mask) => all & mask, ANY_VERSION) >>> 0
    const before = this.#terms
    if (before?.versionRollingMask === versionRollingMask) return
    this.#terms = { versionRollingMask }
    if (before === undefined) return this.#miners.resume(now)
    this.#miners.limitVersionRolling(versionRollingMask)
  }

  #work(link: PoolLink, session: PoolSession, work: V1PoolWork, now: Millis): void {
    const { slot } = link
    if (!slot.failover.isUp(link.pool))
      this.#outbox.emit({ kind: 'poolReady', pool: link.pool, link: link.id })
    slot.failover.up(link.pool, now)
    link.refused = false
    if (slot.using === link) this.#publish(link, session, work, now)
    else this.#use(slot, now)
  }

  /** Lets a slot work with the best pool there is. */
  #use(slot: PoolSlot, now: Millis): void {
    const link = this.#slots.steer(slot, now)
    const session = link?.session
    const work = session?.work
    if (link === undefined || session === undefined || work === undefined) {
      if (slot.using !== undefined && slot.using.session?.work === undefined) slot.stop()
      return this.#disappoint(slot, now)
    }
    if (slot.using === link) return
    slot.stop()
    slot.using = link
    this.#outbox.emit({ kind: 'poolUsed', pool: link.pool, link: link.id })
    this.#publish(link, session, work, now)
    if (slot === this.#assignment.shared) this.#setTerms(now)
    // the one before is not needed any more
    this.#slots.steer(slot, now)
    this.#miners.resume(now, slot.applicant?.session)
  }

  /** Tells who waits for a pool connection of his own that no pool takes him. */
  #disappoint(slot: PoolSlot, now: Millis): void {
    const { applicant } = slot
    if (applicant === undefined || slot.links.size < this.#settings.pools.length) return
    if (![...slot.links.values()].every(({ refused }) => refused)) return
    slot.isRefused = true
    this.#miners.resume(now, applicant.session)
  }

  #publish(link: PoolLink, session: PoolSession, work: V1PoolWork, now: Millis): void {
    const { slot } = link
    this.#fit(link, work.extranonce2Size)
    const tip = slot.publish(link, session, work, now)
    if (tip === undefined) return
    const networkDifficulty = targetToDifficulty(tip.networkTarget)
    this.#outbox.emit({ kind: 'newTip', prevHash: displayHash(tip.prevHash), networkDifficulty })
  }

  /** Channels are made for one size of extranonce2; when it changes they have to be opened anew. */
  #fit({ slot, pool }: PoolLink, extranonce2Size: number): void {
    const before = slot.extranonce2Size
    slot.extranonce2Size = extranonce2Size
    if (before === undefined || before === extranonce2Size) return
    const misfits = this.#miners.channels.filter((channel) => channel.book === slot.book)
    for (const channel of misfits) this.#miners.closeChannel(channel, 'extranonce-size-changed')
    this.#outbox.emit({ kind: 'extranonceSizeChanged', pool, channels: misfits.length })
  }

  #accepted(channel: Channel, share: Share, good: GoodShare): ShareOutcome {
    const origin = this.#assignment.of(channel.book)?.jobs.origin(good.job)
    if (origin === undefined) return 'credited'
    const sent = { channel, sequenceNumber: share.sequenceNumber, difficulty: good.level.difficulty }
    const { link, session } = origin
    if (((share.version ^ good.job.version) & ~(session.mask ?? 0)) !== 0) {
      const code = 'invalid-non-rollable-version-bit'
      this.#outbox.emit({ kind: 'shareRefused', session: channel.session, channelId: channel.id, code })
      return { code }
    }
    if (!good.isBlock && !meetsTarget(good.hash, origin.target)) return 'credited'
    const ids = { pool: link.pool, session: channel.session, channelId: channel.id }
    const { user, worker } = channel
    if (good.isBlock)
      this.#outbox.emit({ kind: 'blockFound', ...ids, user, worker, hash: displayHash(good.hash) })
    const extranonce2 = hex(fullExtranonce(channel, good.job, share))
    const { ntime, nonce, version } = share
    if (!session.submit(sent, { jobId: origin.jobId, extranonce2, ntime, nonce, version }, this.#now)) {
      this.#outbox.emit({ kind: 'sharesUnanswered', upstream: link.pool, count: 1 })
      return { code: 'stale-share' }
    }
    this.#outbox.emit({ kind: 'shareSubmitted', ...ids })
    return 'pending'
  }

  #settle(link: PoolLink, share: SubmittedShare, code: string | undefined, now: Millis): void {
    const { session, id: channelId } = share.channel
    this.#outbox.emit({ kind: 'shareAnswered', pool: link.pool, session, channelId, code })
    this.#miners.settle(share, code, now)
  }

  #unanswered(link: PoolLink, shares: readonly SubmittedShare[], now: Millis): void {
    if (shares.length === 0) return
    this.#outbox.emit({ kind: 'sharesUnanswered', upstream: link.pool, count: shares.length })
    for (const share of shares) this.#miners.settle(share, 'stale-share', now)
  }

  #reconnect(link: PoolLink, session: PoolSession, to: Reconnect): void {
    const configured = this.#settings.pools[link.pool]!
    const host = to.host ?? configured.host
    const { followReconnect } = this.#settings
    const followed =
      followReconnect === 'anywhere' ||
      (followReconnect === 'same-domain' && sameDomain(host, configured.host))
    this.#outbox.emit({
      kind: 'poolReconnect',
      pool: link.pool,
      host: host.slice(0, 255),
      port: to.port ?? configured.port,
      followed,
    })
    if (!followed) return
    const waitMs = Math.min(to.waitSeconds ?? 0, MAX_WAIT_SECONDS) * 1_000
    this.#slots.redial(link, { host: to.host ?? '', port: to.port ?? 0, waitMs })
    session.close('reconnect asked for')
  }
}
