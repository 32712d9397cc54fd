import type { RequestId } from './request-id.ts'

/** `mining.subscribe`: a fresh session, or one that asks for the extranonce1 it had. */
export interface Subscribe<Id = RequestId> {
  readonly type: 'mining.subscribe'
  readonly id: Id
  readonly userAgent?: string
  /** The id of an earlier subscription, which the server gave; at most 64 characters. */
  readonly sessionId?: string
}

/** `mining.authorize`: one of the workers of a connection. */
export interface Authorize<Id = RequestId> {
  readonly type: 'mining.authorize'
  readonly id: Id
  readonly user: string
  readonly password: string
}

/** `mining.submit`: a share. */
export interface Submit<Id = RequestId> {
  readonly type: 'mining.submit'
  readonly id: Id
  readonly worker: string
  readonly jobId: string
  /** Hex in lower case, an odd length padded left; at most 32 bytes. */
  readonly extranonce2: string
  /** Seconds. */
  readonly ntime: number
  readonly nonce: number
  /** The bits of the version that the mask lets the miner set (BIP 310); undefined when it sent none. */
  readonly versionBits: number | undefined
}

/** What a miner asks of version rolling (BIP 310). */
export interface VersionRolling {
  readonly mask: number
  /** How many bits it needs at least, 0..32. */
  readonly minBitCount: number
}

/** `mining.configure` (BIP 310). */
export interface Configure<Id = RequestId> {
  readonly type: 'mining.configure'
  readonly id: Id
  /** Every extension asked for, known or not: each wants an answer. */
  readonly extensions: readonly string[]
  /** Present when `version-rolling` is among them. */
  readonly versionRolling?: VersionRolling
  /** The value of `minimum-difficulty`, when it is among them; 0 asks for none. */
  readonly minimumDifficulty?: number
}

/** `mining.extranonce.subscribe`: the miner takes `mining.set_extranonce`. */
export interface ExtranonceSubscribe<Id = RequestId> {
  readonly type: 'mining.extranonce.subscribe'
  readonly id: Id
}

/** `mining.suggest_difficulty`; above 0, fractions are usual for the smallest devices. */
export interface SuggestDifficulty<Id = RequestId> {
  readonly type: 'mining.suggest_difficulty'
  readonly id: Id
  readonly difficulty: number
}

/** `mining.suggest_target`. */
export interface SuggestTarget {
  readonly type: 'mining.suggest_target'
  readonly id: RequestId
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array
}

/** `mining.get_transactions` and `mining.get_txnhashes`: what is in the block of a job. */
export interface GetTransactions {
  readonly type: 'mining.get_transactions' | 'mining.get_txnhashes'
  readonly id: RequestId
  readonly jobId?: string
}

/** `mining.capabilities`, a draft that some devices send. */
export interface Capabilities {
  readonly type: 'mining.capabilities'
  readonly id: RequestId
  /** 32 bytes, little-endian. */
  readonly suggestedTarget?: Uint8Array
}

/** A request without parameters of interest; `pong` answers a ping with a method instead of an answer. */
export interface BareRequest {
  readonly type: 'mining.set_goal' | 'mining.ping' | 'pong'
  readonly id: RequestId
}

/** The answer to a request of ours, such as `client.get_version`. */
export interface MinerResponse {
  readonly type: 'response'
  readonly id: RequestId
  readonly result: unknown
  readonly error: unknown
}

/** An unknown method: to be answered with an error, never with a closed connection. */
export interface UnknownMethod {
  readonly type: 'unknown'
  readonly id: RequestId
  readonly method: string
}

/** A line that is not a message, or not a sound one. */
export interface Malformed {
  readonly type: 'malformed'
  readonly id: RequestId
  readonly method?: string
  /** What is wrong, in a few constant words that name the parameter. */
  readonly reason: string
}

/** What a miner sends, told apart by `type`, the method's name. */
export type Sv1ToServer =
  | Subscribe
  | Authorize
  | Submit
  | Configure
  | ExtranonceSubscribe
  | SuggestDifficulty
  | SuggestTarget
  | GetTransactions
  | Capabilities
  | BareRequest
  | MinerResponse
  | UnknownMethod
  | Malformed

/** What we send as the miner of a V1 pool. Ids are ours, and numbers: ESP-Miner's parser set that example. */
export type Sv1ToPool =
  | Subscribe<number>
  | Authorize<number>
  | Submit<number>
  | Configure<number>
  | ExtranonceSubscribe<number>
  | SuggestDifficulty<number>
  /** `pong` and `response` answer requests of the pool's, and echo their ids. */
  | { readonly type: 'pong'; readonly id: RequestId }
  | { readonly type: 'response'; readonly id: RequestId; readonly result: JsonValue; readonly error: null }

/** What JSON can say. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }
