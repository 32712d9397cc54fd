import type * as channels from './current/channels.ts'
import type * as common from './current/common.ts'
import type * as customJobs from './current/custom-jobs.ts'
import type * as extensions from './current/extensions.ts'
import type * as jobs from './current/jobs.ts'
import type * as negotiation from './current/negotiation.ts'
import type * as payouts from './current/payout-distribution.ts'
import type * as shares from './current/shares.ts'
import type * as templates from './current/templates.ts'
import type * as commit from './draft/negotiation.ts'

/** A frame of an extension that we do not know: ignored by an endpoint, passed on by a relaying proxy. */
export interface Opaque {
  readonly type: 'Opaque'
  readonly extensionType: number
  readonly channelMsg: boolean
  readonly msgType: number
  /** As it came, channel id included; a view into the frame. */
  readonly payload: Uint8Array
  /**
   * The first four payload bytes, for a channel message that has them. The encoder writes this number over
   * them: a proxy that maps ids changes this field and nothing else (docs/wire.md §6.2).
   */
  readonly channelId?: number | undefined
}

/** Messages every sub-protocol has. */
export type CommonMessage =
  | common.SetupConnection
  | common.SetupConnectionSuccess
  | common.SetupConnectionError
  | common.ChannelEndpointChanged
  | common.Reconnect

/** Messages of the mining protocol. */
export type MiningMessage =
  | channels.OpenStandardMiningChannel
  | channels.OpenStandardMiningChannelSuccess
  | channels.OpenMiningChannelError
  | channels.OpenExtendedMiningChannel
  | channels.OpenExtendedMiningChannelSuccess
  | channels.UpdateChannel
  | channels.UpdateChannelError
  | channels.CloseChannel
  | channels.SetExtranoncePrefix
  | channels.SetTarget
  | channels.SetGroupChannel
  | shares.SubmitSharesStandard
  | shares.SubmitSharesExtended
  | shares.SubmitSharesSuccess
  | shares.SubmitSharesError
  | jobs.NewMiningJob
  | jobs.NewExtendedMiningJob
  | jobs.SetNewPrevHash
  | customJobs.SetCustomMiningJob
  | customJobs.SetCustomMiningJobSuccess
  | customJobs.SetCustomMiningJobError

/** Messages of job declaration, and of job negotiation with its short hashes. */
export type NegotiationMessage =
  | negotiation.AllocateMiningJobToken
  | negotiation.AllocateMiningJobTokenSuccess
  | negotiation.ProvideMissingTransactions
  | negotiation.ProvideMissingTransactionsSuccess
  | negotiation.DeclareMiningJob
  | negotiation.DeclareMiningJobSuccess
  | negotiation.DeclareMiningJobError
  | negotiation.PushSolution
  | commit.AllocateMiningJobTokenError
  | commit.IdentifyTransactions
  | commit.IdentifyTransactionsSuccess
  | commit.CommitMiningJob
  | commit.CommitMiningJobSuccess
  | commit.CommitMiningJobError

/** Messages of template distribution. */
export type TemplateMessage =
  | templates.CoinbaseOutputConstraints
  | templates.NewTemplate
  | templates.SetNewPrevHashTdp
  | templates.RequestTransactionData
  | templates.RequestTransactionDataSuccess
  | templates.RequestTransactionDataError
  | templates.SubmitSolution

/** Messages of extensions 0x0001 and 0x0003. */
export type ExtensionMessage =
  | extensions.RequestExtensions
  | extensions.RequestExtensionsSuccess
  | extensions.RequestExtensionsError
  | payouts.SetPayoutDistribution

/** Everything roles say to each other, in the current edition's shape, told apart by `type`. */
export type Message =
  | CommonMessage
  | MiningMessage
  | NegotiationMessage
  | TemplateMessage
  | ExtensionMessage
  | Opaque

/** The specification's name of a message. */
export type MessageType = Message['type']

/** The message of that name. */
export type MessageNamed<T extends MessageType> = Extract<Message, { readonly type: T }>
