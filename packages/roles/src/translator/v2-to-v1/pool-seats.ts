import type { Sv1FromPool, Sv1ToPool } from '@sv2/sv1'
import type { Emit, Millis, SessionEffect, SessionId } from '../../ground/role.ts'
import { leaseSize } from '../../mining/channel/extranonce.ts'
import type { LinkCommand, V2ToV1Fact } from './facts.ts'
import type { PoolLink, PoolSeat } from './pool-seat.ts'
import { type PoolNews, PoolSession } from './pool-session.ts'
import type { V2ToV1Settings } from './settings.ts'

/** The port name of a link's sessions. */
export type PoolPort = `pool ${number}`

export type PoolSeatsEffect = SessionEffect<Sv1ToPool> | LinkCommand | V2ToV1Fact

/** News of a link for its owner. */
export interface LinkNews {
  readonly link: PoolLink
  readonly session: PoolSession
  readonly news: PoolNews | { readonly kind: 'lost'; readonly shares: ReturnType<PoolSession['ended']> }
}

/**
 * The seats of a translator and their links to pools: which are connected, and which one feeds each seat. Nothing here
 * gives up: what failed is tried again for ever.
 */
export class PoolSeats {
  readonly #settings: V2ToV1Settings
  readonly #order: readonly number[]
  readonly #seats = new Set<PoolSeat>()
  readonly #links = new Map<number, PoolLink>()
  readonly #bySession = new Map<SessionId, { readonly link: PoolLink; readonly session: PoolSession }>()
  readonly #leaseSize: number
  #lastLink = 0
  readonly #emit: Emit<PoolSeatsEffect>

  constructor(settings: V2ToV1Settings, emit: Emit<PoolSeatsEffect>) {
    this.#emit = emit
    this.#settings = settings
    this.#leaseSize = leaseSize(settings.miners.extranonce)
    this.#order = settings.pools.map((_, place) => place)
  }

  get size(): number {
    return this.#seats.size
  }

  all(): IterableIterator<PoolSeat> {
    return this.#seats.values()
  }

  /** Pool connections there are now. */
  get connected(): number {
    return this.#bySession.size
  }

  owns(session: SessionId): boolean {
    return this.#bySession.has(session)
  }

  add(seat: PoolSeat, now: Millis): void {
    this.#seats.add(seat)
    this.steer(seat, now)
  }

  /** Lets all connections of a seat go. */
  remove(seat: PoolSeat): void {
    this.#seats.delete(seat)
    for (const link of seat.links.values()) {
      if (seat.failover.isDialed(link.pool)) this.#hangUp(link)
      this.#links.delete(link.id)
    }
  }

  /** A connection was made; undefined when no seat needs it any more. */
  opened(
    session: SessionId,
    port: string,
    now: Millis,
  ): { readonly link: PoolLink; readonly session: PoolSession } | undefined {
    const link = this.#links.get(Number(port.split(' ')[1]))
    if (link?.seat.failover.isDialed(link.pool) !== true) {
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

  /** A miner has taken a seat whose connections are there: the pools are told its account. */
  authorize(seat: PoolSeat, now: Millis): void {
    for (const link of seat.links.values()) {
      const user = this.#userAt(link)
      if (link.session === undefined || user === undefined) continue
      link.session.authorize(user, now)
    }
  }

  /** Takes a line of a pool's; answers what it means to the seat. */
  message(session: SessionId, message: Sv1FromPool, now: Millis): LinkNews | undefined {
    const known = this.#bySession.get(session)
    if (known === undefined) return undefined
    const news = known.session.message(message, now)
    return news === undefined ? undefined : { ...known, news }
  }

  /** A connection is gone. */
  closed(session: SessionId): LinkNews | undefined {
    const known = this.#bySession.get(session)
    if (known === undefined) return undefined
    this.#bySession.delete(session)
    const { link } = known
    if (link.session === known.session) link.session = undefined
    const unanswered = known.session.work === undefined ? known.session.unansweredRequest : undefined
    const shares = known.session.ended()
    const { failover } = link.seat
    failover.down(link.pool)
    if (failover.isDialed(link.pool)) {
      failover.failed(link.pool)
      this.#emit({ kind: 'poolLost', pool: link.pool, link: link.id, unanswered })
    }
    return { ...known, news: { kind: 'lost', shares } }
  }

  /** An attempt to connect failed. */
  unreachable(id: number): PoolSeat | undefined {
    const link = this.#links.get(id)
    link?.seat.failover.failed(link.pool)
    return link?.seat
  }

  /** What time alone has brought about. */
  overdue(now: Millis): LinkNews[] {
    const all: LinkNews[] = []
    for (const known of this.#bySession.values()) {
      for (const news of known.session.overdue(now)) all.push({ ...known, news })
    }
    return all
  }

  /** Connects the pools that a seat wants, and lets go those it does not need. Answers the one to use. */
  steer(seat: PoolSeat, now: Millis): PoolLink | undefined {
    if (!this.#seats.has(seat)) return undefined
    const { failover } = seat
    failover.tick(now)
    for (const { giver: pool, isWanted } of failover.steer(
      [{ order: this.#order, using: inUse(seat) }],
      now,
    )) {
      const link = seat.links.get(pool) ?? this.#makeLink(seat, pool)
      if (isWanted) this.#emit({ kind: 'dial', link: link.id, pool })
      else this.#hangUp(link)
    }
    const use = failover.pick(this.#order, now)
    return use === undefined ? undefined : seat.links.get(use)
  }

  /** The pool wants us elsewhere. */
  redial(
    link: PoolLink,
    to: { readonly host: string; readonly port: number; readonly waitMs: number },
  ): void {
    this.#emit({ kind: 'redial', link: link.id, ...to })
  }

  #makeLink(seat: PoolSeat, pool: number): PoolLink {
    this.#lastLink++
    const link: PoolLink = { id: this.#lastLink, seat, pool, session: undefined, refused: false }
    seat.links.set(pool, link)
    this.#links.set(link.id, link)
    return link
  }

  #hangUp(link: PoolLink): void {
    this.#emit({ kind: 'hangUp', link: link.id })
    if (link.session === undefined) return
    link.session.close('not needed any more')
  }

  #userAt(link: PoolLink): string | undefined {
    return link.seat.userAt(this.#settings.pools[link.pool]!.user)
  }
}

/** Pools whose connections a seat needs: what one owes answers for is not thrown away. */
function* inUse({ using, links }: PoolSeat): Iterable<number> {
  for (const link of links.values())
    if (link === using || (link.session?.unanswered ?? 0) > 0) yield link.pool
}
