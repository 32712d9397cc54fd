import type { SessionId } from '../ground/role.ts'
import type { UpstreamFact, UpstreamWorkFact } from '../work/facts.ts'

/** What happened in a relay; logs and metrics are made from these alone. */
export type RelayFact =
  | UpstreamFact
  | Extract<UpstreamWorkFact, { kind: 'upstreamUsed' | 'upstreamsGone' | 'upstreamMessageIgnored' }>
  | {
      readonly kind: 'minerConnected'
      readonly session: SessionId
      readonly vendor: string
      readonly firmware: string
    }
  | { readonly kind: 'minerDisconnected'; readonly session: SessionId; readonly channels: number }
  | {
      readonly kind: 'setupRefused'
      readonly session: SessionId
      readonly code: string
      readonly flags: number
    }
  | {
      readonly kind: 'channelOpened'
      readonly session: SessionId
      readonly channelId: number
      readonly channelKind: 'standard' | 'extended'
      /** As the miner spelled it. */
      readonly user: string
      /** Address and port of the miner; the driver adds it, roles do not know it. */
      readonly remote?: string
      readonly upstream: number
      /** H/s, as declared. */
      readonly nominalHashrate: number
    }
  | {
      readonly kind: 'channelRefused'
      readonly session: SessionId
      /** As the miner spelled it. */
      readonly identity: string
      /** Address and port of the miner; the driver adds it, roles do not know it. */
      readonly remote?: string
      readonly code: string
      /** Whether the upstream or this proxy refused it. */
      readonly by: 'upstream' | 'proxy'
    }
  | {
      readonly kind: 'channelClosed'
      readonly session: SessionId
      readonly channelId: number
      readonly reason: string
    }
  /** A channel goes on at another upstream than before; its device was not disturbed. */
  | {
      readonly kind: 'channelMoved'
      readonly session: SessionId
      readonly channelId: number
      readonly upstream: number
    }
  | { readonly kind: 'shareRelayed'; readonly session: SessionId; readonly channelId: number }
  /** The upstream acknowledged shares. */
  | {
      readonly kind: 'sharesAccepted'
      readonly session: SessionId
      readonly channelId: number
      readonly count: number
      /** Sum of their difficulties. */
      readonly work: bigint
    }
  | {
      readonly kind: 'shareRefused'
      readonly session: SessionId
      readonly channelId: number
      readonly code: string
      readonly by: 'upstream' | 'proxy'
    }
  | { readonly kind: 'peerMisbehaved'; readonly session: SessionId; readonly reason: string }
