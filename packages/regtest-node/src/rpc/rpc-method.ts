import type { NodeCore } from '../node-core.ts'

/** Who a call belongs to and when it is no longer wanted. */
export type RpcCall = {
  readonly node: NodeCore
  /** Milliseconds a long poll waits after the mempool changed before it answers. */
  readonly longPollDelayMs: number
  /** Fires when the caller hung up or the node stops. */
  readonly signal: AbortSignal
}

/** A method: the names of its parameters, for calls that name them, and what it does. May throw RpcError. */
export type RpcMethod = {
  readonly parameters: readonly string[]
  readonly run: (call: RpcCall, args: readonly unknown[]) => unknown
}

/** Methods by name. */
export type RpcMethods = Readonly<Record<string, RpcMethod>>
