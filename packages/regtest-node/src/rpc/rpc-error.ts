/** Error codes of Bitcoin Core's RPC (`src/rpc/protocol.h`) and of JSON-RPC 2.0. */
export const RPC = {
  invalidRequest: -32600,
  methodNotFound: -32601,
  parse: -32700,
  misc: -1,
  type: -3,
  invalidAddressOrKey: -5,
  invalidParameter: -8,
  notConnected: -9,
  inInitialDownload: -10,
  deserialization: -22,
  verify: -25,
  verifyRejected: -26,
  verifyAlreadyInUtxoSet: -27,
  inWarmup: -28,
} as const

/** One of those codes. */
export type RpcErrorCode = (typeof RPC)[keyof typeof RPC]

/** A call that cannot be answered; code and message go to the caller. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: RpcErrorCode

  constructor(code: RpcErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
