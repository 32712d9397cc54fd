export { type Clock, systemClock } from './clock.ts'
export { connectTo, type SimpleClient } from './connect-to.ts'
export { fastestBackend, fastSha256, fastSha256d } from './crypto/index.ts'
export { type DialDeps, dial, type UpstreamSettings } from './dial.ts'
export type { Dialer, DialerDeps } from './dialer.ts'
export { DRAFT_CERTIFICATES, type DraftCertificate } from './draft-certificate.ts'
export { EDITIONS, type EditionName } from './editions.ts'
export { Engine, type EngineObserver, type SessionInfo } from './engine.ts'
export { DEFAULT_HELD_BYTES, processHeldBytes } from './held-bytes.ts'
export { IpBudget, isNetwork } from './ip-budget.ts'
export {
  type Door,
  type DoorDeps,
  type DoorIdentities,
  type DoorSettings,
  listen,
  type V1DoorSettings,
} from './listen.ts'
export type { BlockFate } from './node/block-submitter.ts'
export { ipcRpc } from './node/ipc/ipc-rpc.ts'
export { IpcWatch, type IpcWatchSettings } from './node/ipc/ipc-watch.ts'
export { MempoolWatch } from './node/mempool-watch.ts'
export { type NodeRpc, NodeRpcError, type NodeRpcSettings, nodeRpc } from './node/node-rpc.ts'
export { NodeWatch } from './node/node-watch.ts'
export { NodeWatches, type WatchedNode } from './node/node-watches.ts'
export { proposeBlock } from './node/propose-block.ts'
export { type SolvedBlock, SolvedBlocks } from './node/solved-blocks.ts'
export type { NodeState, NodeWatchObserver, NodeWatchSettings, TemplateWatch } from './node/template-watch.ts'
export { ThreadedTemplates } from './node/threaded-templates.ts'
export { randomBytes } from './random.ts'
export { Session, type SessionLimits } from './session.ts'
export { startThread } from './start-thread.ts'
export { dialV1, type V1UpstreamSettings } from './sv1-dial.ts'
export { systemNoise } from './system-noise.ts'
export {
  type SafeWriter,
  type SafeWriting,
  writeFileSafely,
  writeFileSafelySync,
} from './write-file-safely.ts'
