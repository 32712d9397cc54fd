import type { SessionId } from '../../ground/role.ts'
import type { ShareErrorCode } from '../channel/judge.ts'

/** What happened among the miners of a role; logs, metrics and accounting are made from these alone. */
export type MinersFact =
  | {
      readonly kind: 'minerConnected'
      readonly session: SessionId
      readonly vendor: string
      readonly firmware: string
    }
  | {
      readonly kind: 'setupRefused'
      readonly session: SessionId
      readonly code: string
      readonly flags: number
    }
  | { readonly kind: 'minerDisconnected'; readonly session: SessionId; readonly channels: number }
  | {
      readonly kind: 'channelOpened'
      readonly session: SessionId
      readonly channelId: number
      readonly channelKind: 'standard' | 'extended'
      readonly user: string
      /** The worker's part of the identity; empty where it has none, or where it is not told from the account. */
      readonly worker: string
      /** Address and port of the miner; the driver adds it, roles do not know it. */
      readonly remote?: string
      readonly difficulty: number
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
      readonly detail: string
    }
  | {
      readonly kind: 'channelClosed'
      readonly session: SessionId
      readonly channelId: number
      readonly user: string
    }
  | {
      readonly kind: 'updateRefused'
      readonly session: SessionId
      readonly channelId: number
      readonly code: string
    }
  | {
      readonly kind: 'difficultyChanged'
      readonly session: SessionId
      readonly channelId: number
      readonly from: number
      readonly to: number
    }
  | {
      readonly kind: 'shareAccepted'
      readonly session: SessionId
      readonly channelId: number
      readonly user: string
      /** Worker named by extension 0x0002, when negotiated. */
      readonly worker: string | undefined
      readonly difficulty: number
      /** Of its hash; at least that of the channel. */
      readonly hashDifficulty: number
    }
  | {
      readonly kind: 'shareRefused'
      readonly session: SessionId
      readonly channelId: number
      readonly code: ShareErrorCode
    }
  | {
      readonly kind: 'jobSent'
      readonly jobId: number
      readonly reason: 'tip' | 'update' | 'refresh' | 'distribution'
      readonly groups: number
    }
  | {
      readonly kind: 'customJobSet'
      readonly session: SessionId
      /** A channel, or a group. */
      readonly channelId: number
      readonly jobId: number
      /** How many channels mine it. */
      readonly channels: number
    }
  | {
      readonly kind: 'customJobRefused'
      readonly session: SessionId
      readonly channelId: number
      readonly code: string
    }
  /** Much of what a miner sends is refused: it is told of once, then slowed down; see `chargeRefusal`. */
  | {
      readonly kind: 'manyRefusals'
      readonly session: SessionId
      /** Refusals a second that its address may cause. */
      readonly perSecond: number
      readonly grade: 'warned' | 'slowed'
    }
  | { readonly kind: 'peerMisbehaved'; readonly session: SessionId; readonly reason: string }
