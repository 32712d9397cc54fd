import type { Sv1FromPool, Sv1ToPool } from '@sv2/sv1'
import type { NumberedPort } from '../../ground/port.ts'
import type { Emit, Millis, SessionEffect, SessionId } from '../../ground/role.ts'
import { leaseSize } from '../../mining/channel/extranonce.ts'
import type { LinkCommand, V2ToV1Fact } from './facts.ts'
import { type PoolNews, PoolSession } from './pool-session.ts'
import type { PoolLink, PoolSlot } from './pool-slot.ts'
import type { V2ToV1Settings } from './settings.ts'

/** The port of a link's sessions: its number. */
export type PoolPort = NumberedPort<'pool'>

export type PoolSlotsEffect = SessionEffect<Sv1ToPool> | LinkCommand | V2ToV1Fact

/** News of a link for its owner. */
export interface PoolLinkNews {
  readonly link: PoolLink
  readonly session: PoolSession
  readonly news: PoolNews | { readonly kind: 'lost'; readonly shares: ReturnType<PoolSession['ended']> }
}

/**
 * The slots of a translator and their links to pools: which are connected, and which one feeds each slot. Nothing here
 * gives up: what failed is tried again for ever.
 */
export class PoolSlots {
  readonly #settings: V2ToV1Settings
  readonly #order: readonly number[]
  readonly #slots = new Set<PoolSlot>()
  readonly #links = new Map<number, PoolLink>()
  readonly #bySession = new Map<SessionId, { readonly link: PoolLink; readonly session: PoolSession }>()
  readonly #leaseSize: number
  #lastLink = 0
  readonly #emit: Emit<PoolSlotsEffect>

  constructor(settings: V2ToV1Settings, emit: Emit<PoolSlotsEffect>) {
    this.#emit = emit
    this.#settings = settings
    this.#leaseSize = leaseSize(settings.miners.extranonce)
    this.#order = settings.pools.map((_, place) => place)
  }

  get size(): number {
    return this.#slots.size
  }

  all(): IterableIterator<PoolSlot> {
    return this.#slots.values()
  }

  /** Pool connections there are now. */
  get connected(): number {
    return this.#bySession.size
  }

  owns(session: SessionId): boolean {
    return this.#bySession.has(session)
  }

  add(slot: PoolSlot, now: Millis): void {
    this.#slots.add(slot)
    this.steer(slot, now)
  }

  /** Lets all connections of a slot go. */
  remove(slot: PoolSlot): void {
    this.#slots.delete(slot)
    for (const link of slot.links.values()) {
      if (slot.failover.isDialed(link.pool)) this.#hangUp(link)
      this.#links.delete(link.id)
    }
  }

  /** A connection was made; undefined when no slot needs it any more. */
  opened(
    session: SessionId,
    port: PoolPort,
    now: Millis,
  ): { readonly link: PoolLink; readonly session: PoolSession } | undefined {
    const link = this.#links.get(port.index)
    if (link?.slot.failover.isDialed(link.pool) !== true) {
      this.#emit({ kind: 'close', session, reason: 'not needed any more' })
      return undefined
    }
    const { password, versionRolling, extranonceSubscribe } = this.#settings.pools[link.pool]!
    const { userAgent } = this.#settings
    const user = this.#userAt(link)
    const leaseSize = this.#leaseSize
    const introduction = { userAgent, user, password, versionRolling, extranonceSubscribe, leaseSize }
    link.session = new PoolSession(session, { introduction, now, emit: this.#emit })
    const known = { link, session: link.session }
    this.#bySession.set(session, known)
    return known
  }

  /** A miner has taken a slot whose connections are there: the pools are told its account. */
  authorize(slot: PoolSlot, now: Millis): void {
    for (const link of slot.links.values()) {
      const user = this.#userAt(link)
      if (link.session === undefined || user === undefined) continue
      link.session.authorize(user, now)
    }
  }

  /** Takes a line of a pool's; answers what it means to the slot. */
  message(session: SessionId, message: Sv1FromPool, now: Millis): PoolLinkNews | undefined {
    const known = this.#bySession.get(session)
    if (known === undefined) return undefined
    const news = known.session.message(message, now)
    return news === undefined ? undefined : { ...known, news }
  }

  /** A connection is gone. */
  closed(session: SessionId): PoolLinkNews | undefined {
    const known = this.#bySession.get(session)
    if (known === undefined) return undefined
    this.#bySession.delete(session)
    const { link } = known
    if (link.session === known.session) link.session = undefined
    const unanswered = known.session.work === undefined ? known.session.unansweredRequest : undefined
    const shares = known.session.ended()
    const { failover } = link.slot
    failover.down(link.pool)
    if (failover.isDialed(link.pool)) {
      failover.failed(link.pool)
      this.#emit({ kind: 'poolLost', pool: link.pool, link: link.id, unanswered })
    }
    return { ...known, news: { kind: 'lost', shares } }
  }

  /** An attempt to connect failed. */
  unreachable(id: number): PoolSlot | undefined {
    const link = this.#links.get(id)
    link?.slot.failover.failed(link.pool)
    return link?.slot
  }

  /** What time alone has brought about. */
  overdue(now: Millis): PoolLinkNews[] {
    const all: PoolLinkNews[] = []
    for (const known of this.#bySession.values()) {
      for (const news of known.session.overdue(now)) all.push({ ...known, news })
    }
    return all
  }

  /** Connects the pools that a slot wants, and lets go those it does not need. Answers the one to use. */
  steer(slot: PoolSlot, now: Millis): PoolLink | undefined {
    if (!this.#slots.has(slot)) return undefined
    const { failover } = slot
    failover.tick(now)
    for (const { giver: pool, isWanted } of failover.steer(
      [{ order: this.#order, using: inUse(slot) }],
      now,
    )) {
      const link = slot.links.get(pool) ?? this.#makeLink(slot, pool)
      if (isWanted) this.#emit({ kind: 'dial', link: link.id, pool })
      else this.#hangUp(link)
    }
    const use = failover.pick(this.#order, now)
    return use === undefined ? undefined : slot.links.get(use)
  }

  /** The pool wants us elsewhere. */
  redial(
    link: PoolLink,
    to: { readonly host: string; readonly port: number; readonly waitMs: number },
  ): void {
    this.#emit({ kind: 'redial', link: link.id, ...to })
  }

  #makeLink(slot: PoolSlot, pool: number): PoolLink {
    this.#lastLink++
    const link: PoolLink = { id: this.#lastLink, slot, pool, session: undefined, refused: false }
    slot.links.set(pool, link)
    this.#links.set(link.id, link)
    return link
  }

  #hangUp(link: PoolLink): void {
    this.#emit({ kind: 'hangUp', link: link.id })
    if (link.session === undefined) return
    link.session.close('not needed any more')
  }

  #userAt(link: PoolLink): string | undefined {
    return link.slot.userAt(this.#settings.pools[link.pool]!.user)
  }
}

/** Pools whose connections a slot needs: what one owes answers for is not thrown away. */
function* inUse({ using, links }: PoolSlot): Iterable<number> {
  for (const link of links.values())
    if (link === using || (link.session?.unanswered ?? 0) > 0) yield link.pool
}
