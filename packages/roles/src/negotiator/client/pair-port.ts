import type { NumberedPort } from '../../ground/port.ts'
import type { SessionEvent } from '../../ground/role.ts'

/**
 * A connection of a pair, by the pair's place: to the pool, to its negotiator server, or to the pool once more, for jobs
 * of the pool's own.
 */
export type PairPort = NumberedPort<'pool' | 'negotiator' | 'offers'>

/** What happens to the connections of pairs. */
export type PairLinkEvent =
  | Exclude<SessionEvent<PairPort>, { kind: 'tick' }>
  /** An attempt to make the connection failed. */
  | { readonly kind: 'unreachable'; readonly upstream: PairPort }

/** Both connections that a pair needs. */
export function bothPorts(place: number): readonly PairPort[] {
  return [
    { kind: 'pool', index: place },
    { kind: 'negotiator', index: place },
  ]
}
