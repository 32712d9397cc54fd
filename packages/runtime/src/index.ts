export {
  type App,
  type AppContext,
  type BaseConfig,
  EXIT,
  environmentPrefix,
  logSchema,
  monitoringSchema,
  runApp,
  runApps,
} from './app.ts'
export { type Clock, systemClock } from './clock.ts'
export { type DoorConfig, doorSettings, doorsSchema } from './config/door.ts'
export { hostSchema } from './config/host.ts'
export { type ConfigSources, loadConfig } from './config/load.ts'
export { answerKeys, answerSettings, difficultyKeys, difficultySettings, workKeys } from './config/miners.ts'
export { furtherOutputsKey, type NegotiationConfig, negotiationKeys } from './config/negotiator.ts'
export { type NodeConfig, nodeRpcs, nodesSchema, optionalNodesSchema } from './config/node.ts'
export { addressProblem, payoutProblem } from './config/payout.ts'
export { printDefaults } from './config/print.ts'
export { ConfigError, type ConfigProblem, formatProblem } from './config/problems.ts'
export { serverKeys } from './config/server.ts'
export { sv1DifficultyKeys, sv1FrontSettings, sv1Keys, sv1LimitKeys } from './config/sv1-front.ts'
export { failoverKeys, type UpstreamConfig, upstreamSchema, upstreamSettings } from './config/upstream.ts'
export { type V1PoolUrl, v1PoolUrl } from './config/v1-pool-url.ts'
export { fastestBackend, fastSha256, fastSha256d } from './crypto/index.ts'
export { type DialDeps, dial, type UpstreamSettings } from './dial.ts'
export { dialUpstreams, type UpstreamDialers } from './dial-upstreams.ts'
export type { Dialer, DialerDeps } from './dialer.ts'
export { openDoors, type ServerConfig, sessionLines, systemNoise } from './doors.ts'
export { drainAtEnd } from './drain.ts'
export { EDITIONS, type EditionName } from './editions.ts'
export { Engine, type EngineObserver, type SessionInfo } from './engine.ts'
export {
  createHasher,
  type FoundShare,
  type Hasher,
  type HasherObserver,
  type HasherSettings,
  measureHashrate,
} from './hashing/index.ts'
export { IpBudget, isNetwork } from './ip-budget.ts'
export {
  type KeySettings,
  keyFile,
  type LoadedIdentity,
  loadIdentity,
  makeKeyFile,
  readKeyFile,
} from './keys.ts'
export { type Door, type DoorDeps, type DoorIdentities, type DoorSettings, listen } from './listen.ts'
export { createLogger, type Logger, type LogSettings } from './logger.ts'
export {
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
  type NegotiatorServerConfig,
  type RunningNegotiatorServer,
  startNegotiatorServer,
} from './negotiator-server.ts'
export type { BlockFate } from './node/block-submitter.ts'
export { type NodeRpc, NodeRpcError, type NodeRpcSettings, nodeRpc } from './node/node-rpc.ts'
export { type NodeState, NodeWatch, type NodeWatchSettings } from './node/node-watch.ts'
export { type SolvedBlock, SolvedBlocks } from './node/solved-blocks.ts'
export { TemplateFiles } from './node/template-files.ts'
export { type MinersObserver, observeMiners, type ShareTotals } from './observe/miners.ts'
export { type NodeObserver, observeNode, RepeatedLine } from './observe/node.ts'
export { shareCodeLabel } from './observe/share-codes.ts'
export { isV1Fact, observeSv1, type Sv1Observer } from './observe/sv1.ts'
export {
  observeUpstreamWork,
  type SentTotals,
  type UpstreamWorkObserver,
} from './observe/upstream-work.ts'
export { randomBytes } from './random.ts'
export { readableCode, readableText } from './readable-code.ts'
export { nextEpoch } from './run-epoch.ts'
export { type Closing, Scope } from './scope.ts'
export { Session, type SessionLimits } from './session.ts'
export { SolutionFiles } from './solution-files.ts'
export { dialV1, type V1UpstreamSettings } from './sv1-dial.ts'
export { loadTokenKey, makeTokenKeyFile } from './token-key.ts'
export { UsedTokenFile } from './used-token-file.ts'
export { VERSION } from './version.ts'
export { type SafeWriter, type SafeWriting, writeFileSafely } from './write-file-safely.ts'
