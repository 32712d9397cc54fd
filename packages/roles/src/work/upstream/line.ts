import type { ChannelRefusal } from '../../client/channel-refusal.ts'
import { type Millis, NEVER, type SessionId } from '../../ground/role.ts'
import type { JobBook } from '../../mining/channel/job-book.ts'
import type { Slot } from '../failover.ts'
import { Supply, type SupplyDeps } from './supply.ts'
import type { UpstreamUse } from './upstream-use.ts'
import type { WorkChannel } from './work-channel.ts'

/** A seat that lines of work are drawn to. */
export interface WorkSeat extends Slot {
  /** Per cent of the hash rate that is to work here. */
  readonly share: number
  /** Upstreams in its order when it is in use. */
  readonly preference: readonly number[]
  readonly using: UpstreamUse
}

/** A request for an upstream channel that has not been answered. */
export interface FeedRequest {
  readonly upstream: number
  readonly requestId: number
  /** Bytes asked for behind the leased ones. */
  readonly room: number
}

/** Who wants a channel. */
export interface LineOrigin {
  readonly session: SessionId
  readonly requestId: number
}

/**
 * One line of work: a job book, and the upstream channel that feeds it. An aggregating node has one line per seat for
 * all its miners, any other has one per channel.
 */
export interface Line {
  readonly supply: Supply
  readonly book: JobBook
  seat: WorkSeat
  /** What a miner called itself; empty on a line for many. */
  readonly identity: string
  /** The request it was made for, as long as that one has no channel. */
  origin: LineOrigin | undefined
  /** Bytes of extranonce that each miner rolls behind its lease; undefined before the first grant. */
  rolled: number | undefined
  /** A miner needs the line. */
  demanded: boolean
  request: FeedRequest | undefined
  /** When the request, or the switch to `next`, began to wait for the upstream. */
  since: Millis
  /** Granted, and not told any work yet. */
  next: WorkChannel | undefined
  /** Why the upstream does not take the miner; the line ends with it. */
  refusal: ChannelRefusal | undefined
  /** Hash rate of the miners on this line, H/s: added up anew before it is told. */
  hashrate: number
  channels: number
  /** H/s as the last request for an upstream channel declared it. */
  declared: number
  /** What the upstream was last told. */
  told: { readonly hashrate: number; readonly channels: number }
}

/** A line that no upstream feeds yet. */
export function makeLine(seat: WorkSeat, identity: string, deps: SupplyDeps): Line {
  const supply = new Supply(deps)
  return {
    supply,
    book: supply.book,
    seat,
    identity,
    origin: undefined,
    rolled: undefined,
    demanded: false,
    request: undefined,
    since: NEVER,
    next: undefined,
    refusal: undefined,
    hashrate: 0,
    channels: 0,
    declared: 0,
    told: { hashrate: 0, channels: 0 },
  }
}
