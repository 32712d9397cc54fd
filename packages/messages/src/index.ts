export type {
  CloseChannel,
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
  SetExtranoncePrefix,
  SetGroupChannel,
  SetTarget,
  UpdateChannel,
  UpdateChannelError,
} from './current/channels.ts'
export type {
  ChannelEndpointChanged,
  Reconnect,
  SetupConnection,
  SetupConnectionError,
  SetupConnectionSuccess,
} from './current/common.ts'
export type {
  SetCustomMiningJob,
  SetCustomMiningJobError,
  SetCustomMiningJobSuccess,
} from './current/custom-jobs.ts'
export {
  CORE_PROTOCOL,
  EXTENSIONS_NEGOTIATION,
  type RequestExtensions,
  type RequestExtensionsError,
  type RequestExtensionsSuccess,
  WORKER_TRACKING,
} from './current/extensions.ts'
export type { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from './current/jobs.ts'
export type {
  AllocateMiningJobToken,
  AllocateMiningJobTokenSuccess,
  DeclareMiningJob,
  DeclareMiningJobError,
  DeclareMiningJobSuccess,
  ProvideMissingTransactions,
  ProvideMissingTransactionsSuccess,
  PushSolution,
} from './current/negotiation.ts'
export { PAYOUT_DISTRIBUTION, type SetPayoutDistribution } from './current/payout-distribution.ts'
export type {
  SubmitSharesError,
  SubmitSharesExtended,
  SubmitSharesStandard,
  SubmitSharesSuccess,
} from './current/shares.ts'
export { DEFAULT_MAX_ADDITIONAL_SIGOPS } from './current/sigops.ts'
export type {
  CoinbaseOutputConstraints,
  NewTemplate,
  RequestTransactionData,
  RequestTransactionDataError,
  RequestTransactionDataSuccess,
  SetNewPrevHashTdp,
  SubmitSolution,
} from './current/templates.ts'
export type { Area, Declaration, Direction } from './declaration.ts'
export { describeMessages, type MessageDescription } from './describe-messages.ts'
export type {
  AllocateMiningJobTokenError,
  CommitMiningJob,
  CommitMiningJobError,
  CommitMiningJobSuccess,
  IdentifyTransactions,
  IdentifyTransactionsSuccess,
} from './draft/negotiation.ts'
export {
  type Capabilities,
  type Edition,
  PROTOCOL_NUMBERS,
  type Speller,
  type SpellerOptions,
  type SubProtocol,
  subProtocolOf,
} from './edition.ts'
export { EditionError, type EditionErrorCode } from './edition-error.ts'
export { ERROR_CODES, type ErrorCode, type ErrorMessageType } from './error-codes.ts'
export { withoutControlCharacters } from './error-text.ts'
export {
  answerRequestExtensions,
  type ExtensionPolicy,
  type ExtensionsOutcome,
  mayGoOn,
  readExtensionsAnswer,
} from './extensions.ts'
export {
  DECLARATION_SETUP_FLAGS,
  MINING_SETUP_FLAGS,
  MINING_SUCCESS_FLAGS,
  NEGOTIATION_SETUP_FLAGS,
} from './flags.ts'
export type { EditionWithTable } from './make-edition.ts'
export type {
  CommonMessage,
  ExtensionMessage,
  Message,
  MessageNamed,
  MessageType,
  MiningMessage,
  NegotiationMessage,
  Opaque,
  TemplateMessage,
} from './message.ts'
