import type { Millis, SessionId } from '../../ground/role.ts'
import type { Jobs } from '../../mining/channel/jobs.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import type { Assignment, Refusal, WorkRequest } from '../../mining/miners/work-source.ts'
import { PoolSeat } from './pool-seat.ts'
import type { PoolSeats } from './pool-seats.ts'
import type { V2ToV1Settings } from './settings.ts'

/** Who sits where: every channel on the one seat there is, or each on a seat of its own. */
export class Seating {
  /** The one seat of aggregated channels. */
  readonly shared: PoolSeat | undefined
  readonly #settings: V2ToV1Settings
  readonly #deps: { readonly miners: Miners; readonly seats: PoolSeats }
  readonly #seatOf = new Map<Jobs, PoolSeat>()
  /** A seat that finds out what the pools allow before the first miner asks for a channel of its own. */
  #scout: PoolSeat | undefined
  #jobId = 0
  #isOpen = false

  constructor(settings: V2ToV1Settings, deps: { readonly miners: Miners; readonly seats: PoolSeats }) {
    this.#settings = settings
    this.#deps = deps
    this.shared = settings.aggregate ? this.#makeSeat('shared') : undefined
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Connects the first pool; once. */
  open(now: Millis): void {
    if (this.#isOpen) return
    this.#isOpen = true
    if (this.shared === undefined) this.#scout = this.#makeSeat('single')
    const first = this.shared ?? this.#scout
    if (first !== undefined) this.#deps.seats.add(first, now)
  }

  of(book: Jobs): PoolSeat | undefined {
    return this.#seatOf.get(book)
  }

  /** What a seat's pool allows is known. */
  learned(seat: PoolSeat): void {
    if (seat !== this.#scout) return
    this.#scout = undefined
    this.#drop(seat)
  }

  /** The jobs a request works on, or why it is refused. */
  bookFor(request: WorkRequest, now: Millis): Assignment | Refusal | 'later' {
    const seat = this.shared ?? this.#seatFor(request, now)
    if (seat === undefined) {
      const { maxPoolConnections } = this.#settings
      return { code: 'channel-capacity-exhausted', detail: `${maxPoolConnections} pool connections` }
    }
    if (seat.isRefused) {
      this.#drop(seat)
      return { code: 'unknown-user', detail: 'no pool takes this user' }
    }
    const { extranonce2Size } = seat
    if (seat.using === undefined || extranonce2Size === undefined) return 'later'
    const extranonceSize = extranonce2Size - request.leaseSize
    if (request.minExtranonceSize > extranonceSize) {
      if (seat !== this.shared) this.#drop(seat)
      const detail = `min_extranonce_size ${request.minExtranonceSize}, at most ${extranonceSize}`
      return { code: 'min-extranonce-size-too-large', detail }
    }
    seat.applicant = undefined
    return { book: seat.book, extranonceSize, user: request.identity.split('.', 1)[0] ?? '' }
  }

  /** The seat that is kept for a request, made when it is first asked for; undefined when there is no room. */
  #seatFor({ session, requestId, identity }: WorkRequest, now: Millis): PoolSeat | undefined {
    for (const seat of this.#deps.seats.all()) {
      const { applicant } = seat
      if (
        applicant?.session === session &&
        applicant.requestId === requestId &&
        applicant.identity === identity
      )
        return seat
    }
    if (this.#deps.seats.size >= this.#settings.maxPoolConnections) return undefined
    const seat = this.#makeSeat('single')
    seat.applicant = { session, requestId, identity }
    seat.identity = identity
    this.#deps.seats.add(seat, now)
    return seat
  }

  /** A client has left before its channels were open. */
  abandon(session: SessionId): void {
    if (this.shared !== undefined) return
    for (const seat of [...this.#deps.seats.all()]) if (seat.applicant?.session === session) this.#drop(seat)
  }

  /** The last channel of a book is gone. */
  released(book: Jobs): void {
    const seat = this.#seatOf.get(book)
    if (seat !== undefined && seat !== this.shared) this.#drop(seat)
  }

  #drop(seat: PoolSeat): void {
    this.#seatOf.delete(seat.book)
    this.#deps.seats.remove(seat)
  }

  #makeSeat(kind: 'shared' | 'single'): PoolSeat {
    const seat = new PoolSeat(
      {
        miners: this.#deps.miners,
        numbering: {
          nextJobId: () => {
            this.#jobId = (this.#jobId + 1) >>> 0
            return this.#jobId
          },
          nextOrder: () => this.#deps.miners.nextOrder(),
          oldestLive: () => this.#oldestLive(),
        },
        failover: {
          givers: this.#settings.pools.length,
          trustAfterMs: this.#settings.returnAfterMs,
          whileBackingOff: 'connected',
        },
      },
      kind,
    )
    this.#seatOf.set(seat.book, seat)
    return seat
  }

  #oldestLive(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const seat of this.#deps.seats.all()) oldest = Math.min(oldest, seat.book.oldestLive)
    return Number.isFinite(oldest) ? oldest : this.#deps.miners.nextOrder()
  }
}
