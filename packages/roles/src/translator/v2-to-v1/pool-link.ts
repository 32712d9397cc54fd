import type { Millis } from '../../role.ts'
import type { Health } from '../../upstream/pick.ts'
import type { PoolSeat } from './pool-seat.ts'
import type { PoolSession } from './pool-session.ts'

/** One seat's connection to one pool, over all the times it is made. */
export interface PoolLink {
  /** Names it to the driver; never used twice. */
  readonly id: number
  readonly seat: PoolSeat
  /** The pool's place in the settings. */
  readonly pool: number
  session: PoolSession | undefined
  /** A dialer is at work. */
  dialed: boolean
  /** It gives work. */
  serves: boolean
  /** The last answer was that it does not serve us. */
  refused: boolean
  /** It failed since it last gave work. */
  failed: boolean
  /** It had failed, and is not preferred to another one before this moment. */
  trustedAt: Millis
}

/** How a link does, as far as it matters for the choice among pools. */
export function linkHealth(link: PoolLink | undefined, now: Millis): Health {
  if (link === undefined) return 'idle'
  if (link.session?.work !== undefined) return now < link.trustedAt ? 'recovering' : 'ready'
  if (link.failed) return 'failing'
  return link.dialed ? 'dialing' : 'idle'
}
