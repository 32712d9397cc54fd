import { MINING_SUCCESS_FLAGS } from '@sv2/messages'
import { type Emit, type Millis, NEVER, type SessionId } from '../../ground/role.ts'
import { isSameTip, type Tip } from '../../mining/channel/job.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import type { WorkTerms } from '../../mining/miners/work-source.ts'
import type { JobClientFact } from './facts.ts'
import type { OwnTemplates } from './own-templates.ts'
import type { MinedWork, PoolWork } from './own-work.ts'
import type { Pair } from './pair.ts'
import type { Pairs } from './pairs.ts'
import type { PoolShares } from './pool-shares.ts'
import type { Proposing } from './proposing.ts'
import type { Workshop } from './workshop.ts'

/** Header version bits that devices may roll when no upstream sets a limit. */
const ANY_VERSION = 0xffff_ffff
/**
 * Pools and nodes hear of a block within seconds of each other: a difference of less than this does not mean that one
 * of them lags, ms.
 */
const LAG_MS = 2_000

export interface WorkPlanDeps {
  readonly miners: Miners
  readonly own: OwnTemplates
  readonly workshop: Workshop
  readonly pairs: Pairs
  readonly proposing: Proposing
  readonly shares: PoolShares
  readonly emit: Emit<JobClientFact>
  readonly emitToMiners: Emit<Extract<JobClientFact, { kind: 'termsChanged' }>>
  /** A session that hears of new limits of version rolling while it is open. */
  readonly learnsVersionMask: ((session: SessionId) => boolean) | undefined
}

/**
 * What miners work on: jobs for the pool that is worked for, and jobs for ourselves while no pool can be used, or where
 * a pool has yet to say what its coinbase looks like. As long as there is a template, they have work.
 */
export class WorkPlan {
  readonly #deps: WorkPlanDeps
  /** From then on miners work for ourselves when no pool is there. */
  soloFrom: Millis = NEVER
  #terms: WorkTerms | undefined
  #from: string | undefined

  constructor(deps: WorkPlanDeps) {
    this.#deps = deps
  }

  /** On what terms devices may mine; undefined before there is work. */
  get terms(): WorkTerms | undefined {
    return this.#terms
  }

  /** There is work to mine on. */
  get hasWork(): boolean {
    return this.#deps.workshop.book.active !== undefined
  }

  /** Puts the miners to work on the newest template. */
  work(how: 'tip' | 'update', now: Millis): void {
    const pair = this.#deps.pairs.inUse
    if (pair !== undefined) return this.propose(pair, how, now)
    if (now >= this.soloFrom || this.hasWork) this.#solo(how, now)
  }

  /** Has a pool agree to the newest template, and puts the miners to work on it where that is possible before. */
  propose(pair: Pair, how: 'tip' | 'update', now: Millis): void {
    const { own } = this.#deps
    if (own.newest === undefined) return
    const wasOffer = pair.minesOffer
    if (this.mineOffer(pair, now)) return
    // what was found on the pool's own job of the same tip is still worth something
    if (wasOffer && this.#isOnTip(own.newest.tip)) return this.#propose(pair, 'update', now)
    return this.#propose(pair, how, now)
  }

  #isOnTip(tip: Tip): boolean {
    const { active } = this.#deps.workshop.book
    return active?.tip !== undefined && isSameTip(active.tip, tip)
  }

  #propose(pair: Pair, how: 'tip' | 'update', now: Millis): void {
    const { own, proposing, pairs } = this.#deps
    if (own.newest === undefined) return
    if (how === 'update' && pair.inFlight !== undefined) {
      pair.isBehind = true
      return
    }
    const isTight = own.isTight(now)
    if (isTight) pair.isBehind = true
    const work = isTight ? undefined : proposing.begin(pair, own.newest, now)
    // it may have been left at once
    if (pairs.inUse !== pair) return
    if (work?.whole !== undefined) {
      if (work.job === undefined) this.#hand(work, how, now)
    } else if (how === 'tip' || !this.hasWork) this.#solo(how, now)
  }

  /**
   * As long as our own node lags, miners work on the pool's own jobs, and the pool is not asked to agree to jobs that are
   * too late. False while the node is well, or the pool offers nothing.
   */
  mineOffer(pair: Pair, now: Millis): boolean {
    const { pairs, workshop, proposing, emit, own } = this.#deps
    const { offers, aheadSince, place, settings } = pair
    const { channel } = offers
    const { present } = offers.offer
    const isLate = own.newest === undefined || now >= aheadSince + LAG_MS
    const lags = pairs.inUse === pair && present !== undefined && isLate
    if (lags !== pair.minesOffer) {
      pair.minesOffer = lags
      emit({ kind: 'nodeLags', place, name: settings.name, lags })
    }
    if (!lags || present === undefined || channel === undefined) return false
    proposing.abandon(pair, now)
    const before = workshop.jobs.present?.work
    const isHanded = before?.template === undefined && before?.merklePath === present.job.merklePath
    if (!isHanded) {
      const isSameWork = before !== undefined && isSameTip(before.tip, present.tip)
      this.#hand(workshop.offered(present, channel, now), isSameWork ? 'update' : 'tip', now)
    }
    return true
  }

  /** A pool that works on a tip of which our node has not told is ahead of it. */
  compareTips(pair: Pair, now: Millis): void {
    const { present } = pair.offers.offer
    const isAhead = present !== undefined && this.#deps.own.isBehind(present)
    pair.aheadSince = isAhead ? Math.min(pair.aheadSince, now) : NEVER
  }

  /** A pool offers another job of its own, or none any more. */
  offered(pair: Pair, now: Millis): void {
    this.compareTips(pair, now)
    if (pair.minesOffer && !this.mineOffer(pair, now)) this.propose(pair, 'tip', now)
  }

  /**
   * Our own work became too old. The pool's own jobs are mined where it offers any; else miners go elsewhere, and are told
   * our terms again when there is work.
   */
  stop(now: Millis): void {
    const { pairs, workshop, miners, emit } = this.#deps
    const pair = pairs.inUse
    if (pair !== undefined && this.mineOffer(pair, now)) return
    workshop.book.clear()
    this.#terms = undefined
    this.#from = undefined
    emit({ kind: 'workTooOld', connections: miners.leave('no work that is up to date') })
  }

  /** Another pool is to be worked for; undefined: none can be. */
  chosen(pair: Pair | undefined, reason: string, now: Millis): void {
    const { workshop, pairs } = this.#deps
    if (pair !== undefined || now >= this.soloFrom || this.hasWork) this.#workFrom(pair, reason)
    // jobs of a pool that is gone are worth nothing any more; others stay good for shares on their way
    const present = workshop.jobs.present?.work
    const payer = present?.channel
    const isPaid = payer === undefined || pairs.all().some((known) => known.has(payer))
    this.work(present !== undefined && isPaid ? 'update' : 'tip', now)
  }

  /** A pool agreed: miners work on that, if they do not yet, and what they have found goes up. */
  agreed(pair: Pair, work: PoolWork, now: Millis): void {
    const { pairs, shares, workshop } = this.#deps
    pairs.served(pair)
    shares.confirmed(pair)
    const present = workshop.jobs.present?.work
    if (pairs.inUse === pair && present !== work) {
      if (work.job === undefined) this.#hand(work, 'update', now)
      else workshop.handAgain(work, now)
    }
    shares.release(work, now)
  }

  #solo(how: 'tip' | 'update', now: Millis): void {
    const { own, workshop, pairs } = this.#deps
    if (own.newest === undefined) return
    this.#hand(workshop.solo(own.newest.template, own.newest.tip, now), how, now)
    if (pairs.inUse === undefined) this.#workFrom(undefined, 'no pool to work for')
  }

  /** Gives work to the miners, on the terms of the pool that pays for it. */
  #hand(work: MinedWork, how: 'tip' | 'update', now: Millis): void {
    const { workshop, miners } = this.#deps
    workshop.book.limit(work.channel?.level)
    this.#learnTerms(now)
    workshop.hand(work, how, now)
    miners.resume(now)
  }

  #workFrom(pair: Pair | undefined, reason: string): void {
    const name = pair?.settings.name ?? 'solo'
    if (this.#from === name) return
    this.#from = name
    this.#deps.emit({ kind: 'workFrom', place: pair?.place, name, reason })
  }

  /** What the pool in use lets devices roll; for ourselves they may roll what they like. */
  #learnTerms(now: Millis): void {
    const { pairs, miners, learnsVersionMask } = this.#deps
    const link = pairs.inUse?.pool.link
    let versionRollingMask = ANY_VERSION
    if (link !== undefined)
      versionRollingMask =
        (link.flags & MINING_SUCCESS_FLAGS.REQUIRES_FIXED_VERSION) === 0
          ? link.capabilities.versionRollingMask
          : 0
    if (this.#terms?.versionRollingMask === versionRollingMask) return
    const isFirst = this.#terms === undefined
    this.#terms = { versionRollingMask }
    this.#deps.emitToMiners({ kind: 'termsChanged', versionRollingMask })
    if (isFirst) miners.resume(now)
    else miners.limitVersionRolling(versionRollingMask, learnsVersionMask)
  }
}
