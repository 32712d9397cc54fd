import type { Millis, SessionId } from '../../ground/role.ts'
import type { Jobs } from '../../mining/channel/jobs.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import type { Assignment, Refusal, WorkRequest } from '../../mining/miners/work-source.ts'
import { PoolSlot } from './pool-slot.ts'
import type { PoolSlots } from './pool-slots.ts'
import type { V2ToV1Settings } from './settings.ts'

/** Who sits where: every channel on the one slot there is, or each on a slot of its own. */
export class SlotAssignment {
  /** The one slot of aggregated channels. */
  readonly shared: PoolSlot | undefined
  readonly #settings: V2ToV1Settings
  readonly #deps: { readonly miners: Miners; readonly slots: PoolSlots }
  readonly #slotOf = new Map<Jobs, PoolSlot>()
  /** A slot that finds out what the pools allow before the first miner asks for a channel of its own. */
  #scout: PoolSlot | undefined
  #jobId = 0
  #isOpen = false

  constructor(settings: V2ToV1Settings, deps: { readonly miners: Miners; readonly slots: PoolSlots }) {
    this.#settings = settings
    this.#deps = deps
    this.shared = settings.aggregate ? this.#makeSlot('shared') : undefined
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Connects the first pool; once. */
  open(now: Millis): void {
    if (this.#isOpen) return
    this.#isOpen = true
    if (this.shared === undefined) this.#scout = this.#makeSlot('single')
    const first = this.shared ?? this.#scout
    if (first !== undefined) this.#deps.slots.add(first, now)
  }

  of(book: Jobs): PoolSlot | undefined {
    return this.#slotOf.get(book)
  }

  /** What a slot's pool allows is known. */
  learned(slot: PoolSlot): void {
    if (slot !== this.#scout) return
    this.#scout = undefined
    this.#drop(slot)
  }

  /** The jobs a request works on, or why it is refused. */
  bookFor(request: WorkRequest, now: Millis): Assignment | Refusal | 'later' {
    const slot = this.shared ?? this.#slotFor(request, now)
    if (slot === undefined) {
      const { maxPoolConnections } = this.#settings
      return { code: 'channel-capacity-exhausted', detail: `${maxPoolConnections} pool connections` }
    }
    if (slot.isRefused) {
      this.#drop(slot)
      return { code: 'unknown-user', detail: 'no pool takes this user' }
    }
    const { extranonce2Size } = slot
    if (slot.using === undefined || extranonce2Size === undefined) return 'later'
    const extranonceSize = extranonce2Size - request.leaseSize
    if (request.minExtranonceSize > extranonceSize) {
      if (slot !== this.shared) this.#drop(slot)
      const detail = `min_extranonce_size ${request.minExtranonceSize}, at most ${extranonceSize}`
      return { code: 'min-extranonce-size-too-large', detail }
    }
    slot.applicant = undefined
    return { book: slot.book, extranonceSize, user: request.identity.split('.', 1)[0] ?? '' }
  }

  /** The slot that is kept for a request, made when it is first asked for; undefined when there is no room. */
  #slotFor({ session, requestId, identity }: WorkRequest, now: Millis): PoolSlot | undefined {
    for (const slot of this.#deps.slots.all()) {
      const { applicant } = slot
      if (
        applicant?.session === session &&
        applicant.requestId === requestId &&
        applicant.identity === identity
      )
        return slot
    }
    if (this.#deps.slots.size >= this.#settings.maxPoolConnections) return undefined
    const slot = this.#makeSlot('single')
    slot.applicant = { session, requestId, identity }
    slot.identity = identity
    this.#deps.slots.add(slot, now)
    return slot
  }

  /** A client has left before its channels were open. */
  abandon(session: SessionId): void {
    if (this.shared !== undefined) return
    for (const slot of [...this.#deps.slots.all()]) if (slot.applicant?.session === session) this.#drop(slot)
  }

  /** The last channel of a book is gone. */
  released(book: Jobs): void {
    const slot = this.#slotOf.get(book)
    if (slot !== undefined && slot !== this.shared) this.#drop(slot)
  }

  #drop(slot: PoolSlot): void {
    this.#slotOf.delete(slot.book)
    this.#deps.slots.remove(slot)
  }

  #makeSlot(kind: 'shared' | 'single'): PoolSlot {
    const slot = new PoolSlot(
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
    this.#slotOf.set(slot.book, slot)
    return slot
  }

  #oldestLive(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const slot of this.#deps.slots.all()) oldest = Math.min(oldest, slot.book.oldestLive)
    return Number.isFinite(oldest) ? oldest : this.#deps.miners.nextOrder()
  }
}
