export { type Dialect, dialectOf } from './dialect.ts'
export { DIALECT_RULES, type DialectRule } from './dialects.ts'
export { type ErrorTriple, type Failure, readError, SV1_ERRORS, type Sv1ErrorNumber } from './error-triple.ts'
export { LineSplitter } from './line-splitter.ts'
export { type PasswordSettings, readPassword } from './password.ts'
export { MAX_ID_LENGTH, type RequestId } from './request-id.ts'
export {
  type ConfigureResult,
  configureResult,
  readConfigureResult,
  readSubscribeResult,
  type SubscribeResult,
  subscribeResult,
} from './results.ts'
export { sv1Client } from './sv1-client.ts'
export { Sv1Error, type Sv1ErrorCode } from './sv1-error.ts'
export { sv1Server } from './sv1-server.ts'
export type {
  GetVersion,
  Notification,
  Notify,
  Ping,
  PoolResponse,
  Reconnect,
  Response,
  SetDifficulty,
  SetExtranonce,
  SetVersionMask,
  ShowMessage,
  Sv1FromPool,
  Sv1ToMiner,
} from './to-miner.ts'
export type {
  Authorize,
  BareRequest,
  Capabilities,
  Configure,
  ExtranonceSubscribe,
  GetTransactions,
  JsonValue,
  Malformed,
  MinerResponse,
  Submit,
  Subscribe,
  SuggestDifficulty,
  SuggestTarget,
  Sv1ToPool,
  Sv1ToServer,
  UnknownMethod,
  VersionRolling,
} from './to-server.ts'
export { readUserName, type UserName, type UserNameRules } from './user-name.ts'
export { type FirstBytes, looksLikeV1 } from './v1-detect.ts'
