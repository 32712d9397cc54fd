import { type Millis, NEVER } from '../role.ts'
import type { Slot } from '../work/failover.ts'
import type { Client } from './client.ts'
import type { Home, Wish } from './home.ts'

/** Clients that work at the same upstream, and change it together. */
export class RelaySeat implements Slot {
  /** Its upstreams, best first. */
  readonly upstreams: readonly number[]
  /** The same while it is needed; else nothing. */
  order: readonly number[] = []
  readonly using = new Set<number>()
  /** Percentage of the hash rate. */
  readonly share: number
  readonly clients = new Set<Client>()
  /** The upstream to be at; undefined while there is none. */
  home: Home | undefined
  /** Since when there is none; NEVER while there is one, or its channels were closed for that. */
  goneSince: Millis = NEVER
  /** Since when nobody works here; NEVER while somebody does. */
  emptySince: Millis = Number.NEGATIVE_INFINITY
  /** Channels that are to be opened, in order; some are dead, and those before the cursor done. */
  #wishes: Wish[] = []
  #cursor = 0
  #dead = 0
  /** H/s that its clients declare, and how many of them declare any. */
  hashrate = 0
  declaring = 0

  constructor(upstreams: readonly number[], share: number) {
    this.upstreams = upstreams
    this.share = share
  }

  wish(wish: Wish): void {
    this.#wishes.push(wish)
  }

  /** The next wish that somebody still has. */
  takeWish(): Wish | undefined {
    for (;;) {
      const wish = this.#wishes[this.#cursor]
      if (wish === undefined) {
        this.#wishes = []
        this.#cursor = 0
        this.#dead = 0
        return undefined
      }
      this.#cursor++
      if (this.#cursor >= COMPACT_FROM && this.#cursor * 2 > this.#wishes.length) this.#compact()
      if (!wish.isDead) return wish
    }
  }

  /** A wish may have died here: what is dead does not pile up. */
  buried(): void {
    this.#dead++
    if (this.#dead >= COMPACT_FROM && this.#dead * 2 > this.#wishes.length - this.#cursor) this.#compact()
  }

  #compact(): void {
    this.#wishes = this.#wishes.slice(this.#cursor).filter(({ isDead }) => !isDead)
    this.#cursor = 0
    this.#dead = 0
  }
}

/** Lists are not made anew for fewer. */
const COMPACT_FROM = 1_024

/** Takes over what a client's channels declare. */
export function declareHashrate(client: Client, change: number): void {
  const { seat } = client
  if (seat === undefined || change === 0) return
  const before = client.hashrate
  // sums of floats drift: a client that declares nothing any more weighs nothing
  client.hashrate = client.channels.size === 0 ? 0 : Math.max(0, before + change)
  seat.declaring += (client.hashrate > 0 ? 1 : 0) - (before > 0 ? 1 : 0)
  seat.hashrate = seat.declaring === 0 ? 0 : Math.max(0, seat.hashrate + client.hashrate - before)
}

/**
 * The seat that has least of what it should have, by the hash rate that clients declare; one that has declared none
 * yet is taken for an average one.
 */
export function seatFor(seats: readonly RelaySeat[]): RelaySeat | undefined {
  const declaring = seats.reduce((sum, seat) => sum + seat.declaring, 0)
  const hashrate = seats.reduce((sum, seat) => sum + seat.hashrate, 0)
  const average = declaring === 0 ? 1 : hashrate / declaring
  let best: { readonly seat: RelaySeat; readonly load: number } | undefined
  for (const seat of seats) {
    const silent = seat.clients.size - seat.declaring
    const load = (seat.hashrate + (silent + 1) * average) / seat.share
    if (best === undefined || load < best.load) best = { seat, load }
  }
  return best?.seat
}
