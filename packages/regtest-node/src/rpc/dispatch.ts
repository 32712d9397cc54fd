import { blockchainMethods } from './blockchain-methods.ts'
import { mempoolMethods } from './mempool-methods.ts'
import { miningMethods } from './mining-methods.ts'
import { networkMethods } from './network-methods.ts'
import { RPC, RpcError } from './rpc-error.ts'
import type { RpcCall, RpcMethod } from './rpc-method.ts'

/** An HTTP answer: status and JSON text, which is empty for a notification. */
export type RpcReply = { readonly status: number; readonly body: string }

const METHODS = new Map<string, RpcMethod>(
  [blockchainMethods, mempoolMethods, miningMethods, networkMethods].flatMap((methods) =>
    Object.entries(methods),
  ),
)

type Answer = { readonly status: number; readonly json: unknown }

/** Answers the body of a POST: one call or a batch, in JSON-RPC 1.0 or 2.0 as Bitcoin Core speaks them. */
export async function dispatch(call: RpcCall, body: string): Promise<RpcReply> {
  const request = parseJson(body)
  if (request === undefined) return reply(failure(undefined, new RpcError(RPC.parse, 'Parse error')))
  if (!Array.isArray(request)) return reply(await answer(call, request))
  const answers: Answer[] = []
  for (const one of request) answers.push(await answer(call, one))
  const bodies = answers.map(({ json }) => json).filter((json) => json !== undefined)
  return {
    status: answers.length > 0 && bodies.length === 0 ? 204 : 200,
    body: bodies.length > 0 ? JSON.stringify(bodies) : '',
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function reply({ status, json }: Answer): RpcReply {
  return { status, body: json === undefined ? '' : JSON.stringify(json) }
}

async function answer(call: RpcCall, request: unknown): Promise<Answer> {
  try {
    return success(request, await run(call, request))
  } catch (error) {
    return failure(request, error instanceof RpcError ? error : new RpcError(RPC.misc, String(error)))
  }
}

async function run(call: RpcCall, request: unknown): Promise<unknown> {
  if (!isObject(request)) throw new RpcError(RPC.invalidRequest, 'Invalid Request object')
  if (call.node.status.warmup) throw new RpcError(RPC.inWarmup, 'Verifying blocks…')
  if (request.method === undefined) throw new RpcError(RPC.invalidRequest, 'Missing method')
  if (typeof request.method !== 'string') throw new RpcError(RPC.invalidRequest, 'Method must be a string')
  const method = METHODS.get(request.method)
  if (method === undefined) throw new RpcError(RPC.methodNotFound, 'Method not found')
  return method.run(call, positional(method, request.params))
}

function positional(method: RpcMethod, params: unknown): readonly unknown[] {
  if (params === undefined || params === null) return []
  if (Array.isArray(params)) return params
  if (!isObject(params)) throw new RpcError(RPC.invalidRequest, 'Params must be an array or object')
  const unknown = Object.keys(params).find((name) => !method.parameters.includes(name))
  if (unknown !== undefined) throw new RpcError(RPC.invalidParameter, `Unknown named parameter ${unknown}`)
  return method.parameters.map((name) => params[name])
}

function success(request: unknown, result: unknown): Answer {
  if (!isVersion2(request))
    return { status: 200, json: { result: result ?? null, error: null, id: idOf(request) } }
  if (!('id' in request)) return { status: 204, json: undefined }
  return { status: 200, json: { jsonrpc: '2.0', result: result ?? null, id: idOf(request) } }
}

function failure(request: unknown, { code, message }: RpcError): Answer {
  const error = { code, message }
  if (isVersion2(request)) {
    if (!('id' in request)) return { status: 204, json: undefined }
    return { status: 200, json: { jsonrpc: '2.0', error, id: idOf(request) } }
  }
  const status = code === RPC.invalidRequest ? 400 : code === RPC.methodNotFound ? 404 : 500
  return { status, json: { result: null, error, id: idOf(request) } }
}

function isVersion2(request: unknown): request is Record<string, unknown> {
  return isObject(request) && request.jsonrpc === '2.0'
}

function idOf(request: unknown): unknown {
  return isObject(request) ? (request.id ?? null) : null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
