import type { ChannelRefusal } from '../../client/channel-refusal.ts'
import { type Millis, NEVER, type SessionId } from '../../ground/role.ts'
import type { JobBook } from '../../mining/channel/job-book.ts'
import type { Slot } from '../failover.ts'
import { UpstreamJobs, type UpstreamJobsDeps } from './upstream-jobs.ts'
import type { UpstreamUse } from './upstream-use.ts'
import type { WorkChannel } from './work-channel.ts'

/** A slot that workloads are drawn to. */
export interface WorkSlot extends Slot {
  /** Per cent of the hash rate that is to work here. */
  readonly share: number
  /** Upstreams in its order when it is in use. */
  readonly preference: readonly number[]
  readonly using: UpstreamUse
}

/** A request for an upstream channel that has not been answered. */
export interface SentChannelRequest {
  readonly upstream: number
  readonly requestId: number
  /** Bytes asked for behind the leased ones. */
  readonly room: number
}

/** Who wants a channel. */
export interface WorkloadOrigin {
  readonly session: SessionId
  readonly requestId: number
}

/**
 * A job book, and the upstream channel that feeds it. An aggregating node has one workload per slot for
 * all its miners, any other has one per channel.
 */
export interface Workload {
  readonly work: UpstreamJobs
  readonly book: JobBook
  slot: WorkSlot
  /** What a miner called itself; empty on a workload for many. */
  readonly identity: string
  /** The request it was made for, as long as that one has no channel. */
  origin: WorkloadOrigin | undefined
  /** Bytes of extranonce that each miner rolls behind its lease; undefined before the first grant. */
  rolled: number | undefined
  /** A miner needs the workload. */
  demanded: boolean
  request: SentChannelRequest | undefined
  /** When the request, or the switch to `next`, began to wait for the upstream. */
  since: Millis
  /** Granted, and not told any work yet. */
  next: WorkChannel | undefined
  /** Why the upstream does not take the miner; the workload ends with it. */
  refusal: ChannelRefusal | undefined
  /** Hash rate of the miners on this workload, H/s: added up anew before it is told. */
  hashrate: number
  channels: number
  /** H/s as the last request for an upstream channel declared it. */
  declared: number
  /** What the upstream was last told. */
  told: { readonly hashrate: number; readonly channels: number }
}

/** A workload that no upstream feeds yet. */
export function makeWorkload(slot: WorkSlot, identity: string, deps: UpstreamJobsDeps): Workload {
  const work = new UpstreamJobs(deps)
  return {
    work,
    book: work.book,
    slot,
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
