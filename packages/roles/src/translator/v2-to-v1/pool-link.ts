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
  /** The last answer was that it does not serve us. */
  refused: boolean
}
