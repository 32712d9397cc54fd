import { type Millis, NEVER } from '../ground/role.ts'
import { type Health, pickUpstream } from './pick.ts'

/** What we think of a giver of work: an upstream, a V1 pool, a pool with its negotiator server. */
export type Standing =
  /** Nothing speaks against it. */
  | 'good'
  /** It failed, and has not been well for long enough since. */
  | 'doubtful'
  /** It refused what we asked for; it is not asked again yet. */
  | 'backingOff'
  /** It could not serve us for a reason that is not its fault; it is not asked again yet. */
  | 'postponed'

/** What happens to a standing. */
export type StandingEvent =
  /** It could not be reached, was lost, or kept silent. */
  | 'failed'
  /** It does not give what we ask for. */
  | 'refused'
  /** It could not serve us, and that is not its fault. */
  | 'postponed'
  /** It has been well for long enough. */
  | 'proven'
  /** It may be asked again. */
  | 'rested'
  /** Its connection was ended because no slot needs it. */
  | 'letGo'

/** The whole of it: what is not in the table changes nothing. */
export const STANDINGS: Readonly<Record<Standing, Readonly<Partial<Record<StandingEvent, Standing>>>>> = {
  good: { failed: 'doubtful', refused: 'backingOff', postponed: 'postponed' },
  doubtful: { refused: 'backingOff', postponed: 'backingOff', proven: 'good', letGo: 'good' },
  backingOff: { rested: 'doubtful' },
  postponed: { rested: 'good' },
}

/** The standing after an event. */
export function nextStanding(standing: Standing, event: StandingEvent): Standing {
  return STANDINGS[standing][event] ?? standing
}

export interface FailoverSettings {
  /** How many givers there are; each is named by its place. */
  readonly givers: number
  /** A giver that had failed is preferred again when it has been well for this long, ms. */
  readonly trustAfterMs: number
  /** Whether the connection to a giver that refused us is kept while we back off from it. */
  readonly whileBackingOff: 'connected' | 'disconnected'
}

/** What works with one giver at a time out of a list. */
export interface Slot {
  /** Places of givers, best first; empty while the slot has no use for any. */
  order: readonly number[]
  /** Those whose connection it uses right now. */
  readonly using: Iterable<number>
}

/** A connection to be made, or to be ended. */
export interface Dialing {
  readonly giver: number
  readonly isWanted: boolean
}

/** A giver that refuses is asked again after this, doubling up to the last, ms. */
const BACK_OFF_MS = { first: 5_000, last: 300_000 }

interface Giver {
  standing: Standing
  /** A dialer is at work. */
  isDialed: boolean
  /** Since when it gives work, or could; `NEVER` while it does not. */
  upSince: Millis
  /** Refusals in a row. */
  refusals: number
  /** End of the back-off; `NEVER` outside of one. */
  restedAt: Millis
}

/**
 * Which of several givers of work is used, and which of them are connected. No giver is given up: what failed is tried
 * again for ever.
 */
export class Failover {
  readonly #settings: FailoverSettings
  readonly #givers: readonly Giver[]

  constructor(settings: FailoverSettings) {
    this.#settings = settings
    this.#givers = Array.from({ length: settings.givers }, () => ({
      standing: 'good',
      isDialed: false,
      upSince: NEVER,
      refusals: 0,
      restedAt: NEVER,
    }))
  }

  /** A dialer is at work for a giver. */
  isDialed(giver: number): boolean {
    return this.#at(giver).isDialed
  }

  /** A giver failed or refused, and has not been well for long enough since. */
  hasFailed(giver: number): boolean {
    const { standing } = this.#at(giver)
    return standing === 'doubtful' || standing === 'backingOff'
  }

  /** A giver can be worked with. */
  isUp(giver: number): boolean {
    return this.#at(giver).upSince !== NEVER
  }

  /** A giver refused something, and is not asked again yet. */
  isBackingOff(giver: number, now: Millis): boolean {
    const { standing, restedAt } = this.#at(giver)
    return isResting(standing) && now < restedAt
  }

  /** A giver can be worked with from now on. */
  up(giver: number, now: Millis): void {
    const known = this.#at(giver)
    if (known.upSince === NEVER) known.upSince = now
  }

  /** A giver cannot be worked with any more; whose fault that is `failed` and `refused` say. */
  down(giver: number): void {
    this.#at(giver).upSince = NEVER
  }

  /** A giver could not be reached, was lost, or kept silent. */
  failed(giver: number): void {
    this.#step(this.#at(giver), 'failed')
  }

  /** A giver refused: it is asked again later, each time later than before. */
  refused(giver: number, now: Millis): void {
    const known = this.#at(giver)
    if (isResting(known.standing)) return
    this.#rest(known, 'refused', now + Math.min(BACK_OFF_MS.last, BACK_OFF_MS.first * 2 ** known.refusals))
    known.refusals++
  }

  /** A giver could not serve us now, which is not its fault: it is asked again soon, however often. */
  postponed(giver: number, now: Millis): void {
    const known = this.#at(giver)
    if (!isResting(known.standing)) this.#rest(known, 'postponed', now + BACK_OFF_MS.first)
  }

  /** The back-off from a giver ends with the next tick. */
  askSoon(giver: number, now: Millis): void {
    const known = this.#at(giver)
    if (isResting(known.standing)) known.restedAt = now
  }

  /** A giver gives what it is asked for: earlier refusals are forgotten. */
  served(giver: number): void {
    this.#at(giver).refusals = 0
  }

  /** What a slot with this order should work with now. */
  pick(order: readonly number[], now: Millis): number | undefined {
    return pickUpstream(order, (giver) => this.health(giver, now)).use
  }

  /** Decides which connections the slots need. Answers what changes by it, in the order of the givers. */
  steer(slots: Iterable<Slot>, now: Millis): readonly Dialing[] {
    const wanted = new Set<number>()
    for (const { order, using } of slots) {
      for (const giver of using) wanted.add(giver)
      for (const giver of pickUpstream(order, (each) => this.health(each, now)).connect) wanted.add(giver)
    }
    const changes: Dialing[] = []
    for (const [giver, known] of this.#givers.entries()) {
      const isWanted = wanted.has(giver) && !this.#isKeptAway(giver, now)
      if (isWanted === known.isDialed) continue
      known.isDialed = isWanted
      if (!isWanted) this.#step(known, 'letGo')
      changes.push({ giver, isWanted })
    }
    return changes
  }

  /** Ends back-offs and doubts whose time is over. Answers the givers that may be asked again. */
  tick(now: Millis): readonly number[] {
    const rested: number[] = []
    for (const [giver, known] of this.#givers.entries()) {
      if (now >= known.restedAt) {
        known.restedAt = NEVER
        this.#step(known, 'rested')
        rested.push(giver)
      }
      if (this.#isProven(known, now)) this.#step(known, 'proven')
    }
    return rested
  }

  /** When `tick` will change something. */
  nextDeadline(): Millis {
    let next = NEVER
    for (const { standing, upSince, restedAt } of this.#givers)
      next = Math.min(next, standing === 'doubtful' ? upSince + this.#settings.trustAfterMs : restedAt)
    return next
  }

  /** How a giver does, as far as it matters for the choice. */
  health(giver: number, now: Millis): Health {
    if (this.isBackingOff(giver, now)) return 'failing'
    const known = this.#at(giver)
    const isDoubtful = this.hasFailed(giver)
    if (known.upSince !== NEVER) return isDoubtful && !this.#isProven(known, now) ? 'recovering' : 'ready'
    if (isDoubtful) return 'failing'
    return known.isDialed ? 'dialing' : 'idle'
  }

  #rest(known: Giver, event: 'refused' | 'postponed', until: Millis): void {
    this.#step(known, event)
    known.restedAt = until
  }

  #isProven({ standing, upSince }: Giver, now: Millis): boolean {
    return standing === 'doubtful' && now >= upSince + this.#settings.trustAfterMs
  }

  #isKeptAway(giver: number, now: Millis): boolean {
    return this.#settings.whileBackingOff === 'disconnected' && this.isBackingOff(giver, now)
  }

  #step(known: Giver, event: StandingEvent): void {
    known.standing = nextStanding(known.standing, event)
  }

  #at(giver: number): Giver {
    const known = this.#givers[giver]
    if (known === undefined) throw new RangeError(`there is no giver of work ${giver}`)
    return known
  }
}

function isResting(standing: Standing): boolean {
  return standing === 'backingOff' || standing === 'postponed'
}
