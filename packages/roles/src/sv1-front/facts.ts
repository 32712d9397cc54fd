import type { Sv1ErrorNumber } from '@sv2/sv1'
import type { SessionId } from '../ground/role.ts'

/** What happened among V1 sessions; what they have in common with others is told by the facts of miners. */
export type V1Fact =
  | {
      readonly kind: 'v1Subscribed'
      readonly session: SessionId
      /** Our name for what it is. */
      readonly dialect: string
      /** What it calls itself. */
      readonly userAgent: string
      /** It goes on with the extranonce1 it had before. */
      readonly resumed: boolean
    }
  | { readonly kind: 'v1Closed'; readonly session: SessionId; readonly dialect: string | undefined }
  | { readonly kind: 'workerAuthorized'; readonly session: SessionId; readonly user: string }
  | {
      readonly kind: 'workerRefused'
      readonly session: SessionId
      readonly reason: WorkerRefusal
      /** For the people at the miner; holds the name it gave. */
      readonly detail: string
    }
  | {
      readonly kind: 'v1ShareRefused'
      readonly session: SessionId
      readonly code: Sv1ErrorNumber
      readonly reason: V1ShareRefusal
    }
  | { readonly kind: 'v1LineRefused'; readonly session: SessionId; readonly reason: string }
  /** A device is known not to take work of this size; it was not sent. */
  | {
      readonly kind: 'workTooLarge'
      readonly session: SessionId
      readonly dialect: string
      readonly what: 'coinbase' | 'line'
      readonly bytes: number
      readonly limit: number
    }
  | {
      readonly kind: 'prefixNotRenewed'
      readonly session: SessionId
      readonly channelId: number
      readonly reason: string
    }

export type WorkerRefusal =
  | 'wrong-network'
  | 'not-an-address'
  | 'not-paid-here'
  | 'name-too-long'
  | 'too-many-workers'

/** Why a share was refused: a code of Stratum V2, or what only V1 knows. */
export type V1ShareRefusal =
  | 'stale-share'
  | 'invalid-job-id'
  | 'duplicate-share'
  | 'difficulty-too-low'
  | 'bad-extranonce-size'
  | 'version-rolling-not-allowed'
  | 'invalid-non-rollable-version-bit'
  | 'invalid-share'
  | 'not-recorded'
  | 'invalid-channel-id'
  | 'version-bits-outside-mask'
  | 'unauthorized-worker'
  | 'not-subscribed'
  | 'too-many-shares'
  | 'malformed'
