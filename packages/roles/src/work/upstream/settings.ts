import type { Network } from '@sv2/bitcoin'
import type { Emit } from '../../ground/role.ts'
import type { UpstreamWorkFact } from '../facts.ts'
import type { UpstreamSettings, UpstreamsEffect, UpstreamsSettings } from '../upstreams.ts'
import type { RolledSize } from './channel-grant.ts'
import type { AllocationOwner } from './share-answers.ts'
import type { UpstreamJobsDeps } from './upstream-jobs.ts'

export interface ChannelsSettings extends UpstreamsSettings {
  readonly upstreams: readonly ChannelsUpstream[]
  /** One upstream channel for all miners, or one for each of them. */
  readonly aggregated: boolean
  /** No miner gets an easier target than that of the upstream: every share goes up. */
  readonly onlyPaidShares: boolean
  /** Jobs have to pay the address in our identity, one of this network; undefined: that is not looked at. */
  readonly verifyPayout: Network | undefined
  /** Bytes of extranonce that a miner rolls. */
  readonly rolled: RolledSize
}

export interface ChannelsUpstream extends UpstreamSettings {
  /** Who we are there; see `fillIdentity`. */
  readonly identity: string
  /** Per cent of the hash rate; undefined on all for a list to be taken in order. */
  readonly share: number | undefined
}

export interface ChannelsDeps extends UpstreamJobsDeps {
  readonly leaseSize: number
  readonly owner: AllocationOwner
  readonly emit: Emit<UpstreamsEffect | UpstreamWorkFact>
}
