import { MINING_SETUP_FLAGS } from '@sv2/messages'
import { sharedOrders } from '../work/upstream/hashrate-split.ts'
import { RelaySlot } from './parties.ts'

/** One connection that a relay may have to an upstream. Commands, facts and ports name it by its place in the table. */
export interface RelayConnection<Upstream> {
  readonly upstream: Upstream
  /** The clients that it is for: `plain` ones get their jobs, the others bring them (REQUIRES_WORK_SELECTION). */
  readonly purpose: RelayPurpose
}

export type RelayPurpose = 'plain' | 'workSelection'

/** Flags of SetupConnection hold for a whole connection, so that clients of each purpose need one of their own. */
export const PURPOSE_FLAGS: Readonly<Record<RelayPurpose, number>> = {
  plain: 0,
  workSelection: MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION,
}

/** The table of a relay's connections. What dials them makes it from its own list of the same upstreams. */
export function relayConnections<Upstream>(upstreams: readonly Upstream[]): RelayConnection<Upstream>[] {
  return (['plain', 'workSelection'] as const).flatMap((purpose) =>
    upstreams.map((upstream) => ({ upstream, purpose })),
  )
}

/** The slots of one purpose: one for all hash rate, or one for each upstream that is to get a share of it. */
export function slotsFor(
  purpose: RelayPurpose,
  connections: readonly RelayConnection<{ readonly share: number | undefined }>[],
): RelaySlot[] {
  const places = [...connections.keys()].filter((place) => connections[place]?.purpose === purpose)
  return sharedOrders(places.map((place) => connections[place]?.upstream.share)).map(
    ({ upstreams, share }) =>
      new RelaySlot(
        upstreams.map((nth) => places[nth]!),
        share,
      ),
  )
}
