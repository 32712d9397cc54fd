export type { AccountBooks, LedgerView, Page, PageRequest } from './api/ledger-view.ts'
export type { ServedApi } from './api/pages.ts'
export type { SignedAddress } from './api/sources.ts'
export {
  type App,
  type AppContext,
  appCommand,
  type BaseConfig,
  EXIT,
  environmentPrefix,
  logSchema,
  monitoringSchema,
  runApp,
  runApps,
  type V1Sessions,
} from './app.ts'
export { AuditClient } from './audit/audit-client.ts'
export { apiSchema, minersMonitoringSchema } from './config/api.ts'
export { type DoorConfig, doorSettings, doorsSchema } from './config/door.ts'
export { hostSchema } from './config/host.ts'
export { type JournalConfig, journalFolder, journalSchema } from './config/journal.ts'
export { type ConfigSources, checkConfig, loadConfig, readConfig, type WrittenConfig } from './config/load.ts'
export { answerKeys, answerSettings, difficultyKeys, difficultySettings, workKeys } from './config/miners.ts'
export { furtherOutputsKey, type NegotiationConfig, negotiationKeys } from './config/negotiator.ts'
export {
  type NodeConfig,
  nodeRpcs,
  nodesOrSocketsSchema,
  nodesSchema,
  optionalNodesSchema,
  rpcSettings,
  socketPath,
} from './config/node.ts'
export { noticesSchema } from './config/notices.ts'
export { addressProblem, payoutProblem } from './config/payout.ts'
export { portProblems } from './config/ports.ts'
export { printDefaults, printSection } from './config/print.ts'
export { ConfigError, type ConfigProblem, formatProblem } from './config/problems.ts'
export { serverKeys } from './config/server.ts'
export { sv1DifficultyKeys, sv1FrontSettings, sv1Keys, sv1LimitKeys } from './config/sv1-front.ts'
export { failoverKeys, type UpstreamConfig, upstreamSchema, upstreamSettings } from './config/upstream.ts'
export { type V1PoolUrl, v1PoolUrl } from './config/v1-pool-url.ts'
export { byPlace } from './dial-upstreams.ts'
export type { ServerConfig } from './doors.ts'
export { drain, type Farewell } from './farewell.ts'
export { freeBytes } from './free-bytes.ts'
export {
  type KeySettings,
  keyFile,
  type LoadedIdentity,
  loadIdentity,
  makeKeyFile,
  readKeyFile,
} from './keys.ts'
export { reachableAt } from './lan-addresses.ts'
export { setAccountAddress } from './ledger/account-addresses.ts'
export { BooksWatch } from './ledger/books-watch.ts'
export { LedgerClient } from './ledger/ledger-client.ts'
export { MissingSegmentsError, restoreLedger, saveLedger } from './ledger/ledger-snapshots.ts'
export { lockJournal, PoolJournal } from './ledger/pool-journal.ts'
export type { NumberSpace } from './ledger/record-keeper.ts'
export { RecordSender, type SentRecords } from './ledger/record-sender.ts'
export { SharedJournal } from './ledger/shared-journal.ts'
export { project } from './ledger/store-writer.ts'
export { toldLedger } from './ledger/told-ledger.ts'
export { bookPayment } from './ledger/wallet-payments.ts'
export { passOnLines } from './log-output.ts'
export { createLogger, type Logger, type LogSettings } from './logger.ts'
export {
  AggregatorRegistry,
  Counter,
  createRegistry,
  Gauge,
  type Health,
  Histogram,
  liveGauges,
  type MonitoringSettings,
  Registry,
  serveMonitoring,
} from './monitoring.ts'
export {
  followPool,
  type NegotiatorServerConfig,
  type RunningNegotiatorServer,
  startNegotiatorServer,
} from './negotiator-server.ts'
export { type MinersObserver, observeMiners, type ShareTotals } from './observe/miners.ts'
export { type NodeObserver, observeNode, RepeatedLine } from './observe/node.ts'
export { shareCodeLabel } from './observe/share-codes.ts'
export { isV1Fact, observeSv1, type Sv1Observer } from './observe/sv1.ts'
export {
  observeUpstreamWork,
  type SentTotals,
  type UpstreamWorkObserver,
} from './observe/upstream-work.ts'
export { readableCode, readableText } from './readable-code.ts'
export { nextEpoch } from './run-epoch.ts'
export { type Closing, Scope } from './scope.ts'
export { SolutionFiles } from './solution-files.ts'
export {
  type DialedServer,
  type DialedUpstreams,
  type FactCounter,
  type RoleStart,
  type StartedRole,
  serveNumbers,
  startRole,
} from './start-role.ts'
export { Statistics } from './stats/statistics.ts'
export { FactGatherer, sessionThere, type ToldFact, ToldFacts } from './stats/told-facts.ts'
export { TemplateFiles } from './template-files.ts'
export { loadTokenKey, makeTokenKeyFile } from './token-key.ts'
export { UsedTokenFile } from './used-token-file.ts'
export { VERSION } from './version.ts'
export { withUnit } from './with-unit.ts'
