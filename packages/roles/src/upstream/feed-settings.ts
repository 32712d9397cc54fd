import type { Miners } from '../miners/miners.ts'
import type { RolledSize } from './feed-request.ts'
import type { LinesOwner } from './share-answers.ts'
import type { UpstreamSettings, UpstreamsSettings } from './upstreams.ts'
import type { JobNumbering } from './work-channel.ts'

export interface FeedSettings extends UpstreamsSettings {
  readonly upstreams: readonly FeedUpstream[]
  /** One upstream channel for all miners, or one for each of them. */
  readonly aggregated: boolean
  /** Bytes of extranonce that a miner rolls. */
  readonly rolled: RolledSize
}

export interface FeedUpstream extends UpstreamSettings {
  /** Who we are there; see `fillIdentity`. */
  readonly identity: string
  /** Per cent of the hash rate; undefined on all for a list to be taken in order. */
  readonly share: number | undefined
}

export interface FeedDeps {
  readonly miners: Miners
  readonly leaseSize: number
  readonly numbering: JobNumbering
  readonly owner: LinesOwner
}
