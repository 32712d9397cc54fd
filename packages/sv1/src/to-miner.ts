import type { ErrorTriple, Failure } from './error-triple.ts'
import type { RequestId } from './request-id.ts'
import type { JsonValue, Malformed, UnknownMethod } from './to-server.ts'

/** The answer to a request of a miner's. */
export interface Response {
  readonly type: 'response'
  readonly id: RequestId
  readonly result: JsonValue
  readonly error: ErrorTriple | null
}

/** `mining.notify`: a job. */
export interface Notify {
  readonly type: 'mining.notify'
  readonly jobId: string
  /** 32 bytes in the order of the block header; V1's own order of words exists on the wire only. */
  readonly prevHash: Uint8Array
  /** The coinbase, without witness, up to extranonce1. */
  readonly coinbase1: Uint8Array
  /** The coinbase from behind extranonce2. */
  readonly coinbase2: Uint8Array
  /** 32 bytes each, in the order they are hashed in. */
  readonly merkleBranch: readonly Uint8Array[]
  readonly version: number
  readonly nbits: number
  /** Seconds. */
  readonly ntime: number
  /** Shares of earlier jobs are worth nothing any more. */
  readonly cleanJobs: boolean
}

/** `mining.set_difficulty`; above 0, in force from the next job on. */
export interface SetDifficulty {
  readonly type: 'mining.set_difficulty'
  readonly difficulty: number
}

/** `mining.set_extranonce`, in force from the next job on. */
export interface SetExtranonce {
  readonly type: 'mining.set_extranonce'
  /** At most 32 bytes. */
  readonly extranonce1: Uint8Array
  /** In bytes, 0..32. */
  readonly extranonce2Size: number
}

/** `mining.set_version_mask` (BIP 310). */
export interface SetVersionMask {
  readonly type: 'mining.set_version_mask'
  readonly mask: number
}

/** `client.reconnect`; without a host, to where the miner is connected now. */
export interface Reconnect {
  readonly type: 'client.reconnect'
  readonly host?: string
  readonly port?: number
  readonly waitSeconds?: number
}

/** `client.show_message`: words for the people at the miner. */
export interface ShowMessage {
  readonly type: 'client.show_message'
  readonly text: string
}

/** `client.get_version`: asks for the miner's name and version, to be answered by a `response`. */
export interface GetVersion {
  readonly type: 'client.get_version'
  readonly id: RequestId
}

/** What a server tells its miners unasked, told apart by `type`, the method's name. */
export type Notification =
  | Notify
  | SetDifficulty
  | SetExtranonce
  | SetVersionMask
  | Reconnect
  | ShowMessage
  | GetVersion

/** What we send to a miner. */
export type Sv1ToMiner = Response | Notification

/** A pool's answer to a request of ours. */
export interface PoolResponse {
  readonly type: 'response'
  /** Undefined when the answer bears no id of ours; digits in quotes count as the number (some pools do that). */
  readonly id: number | undefined
  /** Any JSON: see readSubscribeResult and readConfigureResult. */
  readonly result: unknown
  readonly error: Failure | undefined
}

/** `mining.ping`: to be answered with a `pong`. */
export interface Ping {
  readonly type: 'mining.ping'
  readonly id: RequestId
}

/** What a V1 pool sends. */
export type Sv1FromPool = Notification | PoolResponse | Ping | UnknownMethod | Malformed
