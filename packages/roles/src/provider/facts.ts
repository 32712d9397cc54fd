import type { Room } from '../ground/node-template.ts'
import type { SessionId } from '../ground/role.ts'
import type { SolvableTemplate } from './template.ts'
import type { PublishReason } from './templates.ts'

/** What happened in the template provider. */
export type ProviderFact =
  | {
      readonly kind: 'clientConnected'
      readonly session: SessionId
      readonly vendor: string
      readonly firmware: string
    }
  | { readonly kind: 'clientDisconnected'; readonly session: SessionId }
  | {
      readonly kind: 'setupRefused'
      readonly session: SessionId
      readonly code: string
      readonly flags: number
    }
  | {
      readonly kind: 'constraintsSet'
      readonly session: SessionId
      readonly outputSize: number
      readonly outputSigops: number
    }
  | {
      readonly kind: 'templateSent'
      readonly templateId: bigint
      readonly reason: PublishReason | 'client'
      readonly height: number
      readonly transactions: number
      /** Transactions of the node left out because the client's coinbase needs their room. */
      readonly left: number
      /** Satoshi for the coinbase. */
      readonly value: bigint
      readonly clients: number
    }
  /** The node gives no work, and what it gave is too old. */
  | { readonly kind: 'clientsSentAway'; readonly count: number }
  /** Templates that clients may work on are not kept any more: there is no memory left for them. */
  | { readonly kind: 'templatesDropped'; readonly count: number }
  | { readonly kind: 'transactionDataRefused'; readonly session: SessionId; readonly code: string }
  | {
      readonly kind: 'solutionRefused'
      readonly session: SessionId
      readonly templateId: bigint
      readonly reason: string
    }
  | { readonly kind: 'peerMisbehaved'; readonly session: SessionId; readonly reason: string }

/** A template that clients have; kept on disk, a solution finds it after a restart too. */
export interface KeepTemplate {
  readonly kind: 'keepTemplate'
  readonly template: SolvableTemplate
}

/** The room that is enough for the coinbases of all clients, for a node that makes templates itself. */
export interface RoomWanted {
  readonly kind: 'roomWanted'
  readonly room: Room
}

/** A block to keep on disk and submit to every node. */
export interface SubmitBlock {
  readonly kind: 'submitBlock'
  /** Display order, hex. */
  readonly hash: string
  readonly height: number
  readonly templateId: bigint
  /** Full serialization. */
  readonly block: Uint8Array
}
