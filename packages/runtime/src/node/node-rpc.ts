import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'

/** How to reach a Bitcoin node. */
export interface NodeRpcSettings {
  /** `http://127.0.0.1:8332` */
  readonly url: string
  /** Either a cookie file, or user and password. */
  readonly cookieFile: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
}

/** A Bitcoin node's JSON-RPC, as far as we need it. */
export interface NodeRpc {
  readonly url: string
  /**
   * Calls a method.
   * @throws {NodeRpcError}
   */
  call(method: string, parameters: readonly unknown[], timeoutMs?: number): Promise<unknown>
}

/** Why a call has failed. `code` is the node's own (-28: warming up), HTTP's (401), or undefined when unreachable. */
export class NodeRpcError extends Error {
  override readonly name = 'NodeRpcError'
  readonly code: number | undefined

  constructor(message: string, options: { readonly code: number | undefined; readonly cause: unknown }) {
    super(message, { cause: options.cause })
    this.code = options.code
  }
}

const DEFAULT_TIMEOUT_MS = 30_000
/** JSON-RPC: what was answered cannot be read. */
const NO_JSON = -32_700
/** An answer is no longer than this; that of a block that is full of witnesses has 8 MB of hex. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024

/**
 * A node's RPC over HTTP. The cookie is read for each call: a node makes a new one at each start. Each call has a connection of
 * its own: none waits behind another, and none meets a connection that the node has closed.
 *
 * Numbers are read as JavaScript has them: satoshi are exact, and amounts in bitcoin are not asked for.
 */
export function nodeRpc(settings: NodeRpcSettings): NodeRpc {
  const { url } = settings
  return {
    url,
    async call(method, parameters, timeoutMs = DEFAULT_TIMEOUT_MS) {
      const login = credentials(settings)
      const body = JSON.stringify({ jsonrpc: '1.0', id: 1, method, params: parameters })
      let answer: HttpAnswer
      try {
        answer = await post(url, { login, body, timeoutMs })
      } catch (error) {
        const message = `node ${url} cannot be reached: ${String((error as Error).message)}`
        throw new NodeRpcError(message, { code: undefined, cause: error })
      }
      return resultOf(answer, { url, method })
    },
  }
}

/** What the HTTP server of a node has answered. */
export interface HttpAnswer {
  readonly status: number
  readonly reason: string
  readonly text: string
}

function post(
  url: string,
  { login, body, timeoutMs }: { readonly login: string; readonly body: string; readonly timeoutMs: number },
): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(timeoutMs)
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { method: 'POST', auth: login, headers, agent: false, signal }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_ANSWER_BYTES)
          response.destroy(new Error(`an answer of over ${MAX_ANSWER_BYTES} bytes`))
        chunks.push(chunk)
      })
      response.on('end', () => {
        const { statusCode: status = 0, statusMessage: reason = '' } = response
        resolve({ status, reason, text: Buffer.concat(chunks).toString() })
      })
      response.on('error', reject)
    })
    sent.on('error', (error) =>
      reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error),
    )
    sent.end(body)
  })
}

/** What the node answers; what its HTTP server says itself is no JSON. @throws {NodeRpcError} */
export function resultOf(
  { status, reason, text }: HttpAnswer,
  { url, method }: { readonly url: string; readonly method: string },
): unknown {
  const failed = (code: number, message: string) =>
    new NodeRpcError(textOf(code, method, url) ?? `node ${url}: ${method}: ${message}`, {
      code,
      cause: undefined,
    })
  let answer: {
    readonly result?: unknown
    readonly error?: { readonly code?: unknown; readonly message?: unknown } | null
  }
  try {
    answer = JSON.parse(text)
  } catch {
    throw failed(status === 200 ? NO_JSON : status, status === 200 ? 'the answer is no JSON' : reason)
  }
  const { error, result } = Object(answer)
  if (error !== null && error !== undefined)
    throw failed(typeof error.code === 'number' ? error.code : NO_JSON, String(error.message))
  if (result === undefined) throw failed(NO_JSON, 'the answer has no result')
  return result
}

/** Name and password, with a colon between. @throws {NodeRpcError} where there is no cookie */
function credentials({ cookieFile, user, password, url }: NodeRpcSettings): string {
  if (cookieFile === undefined) return `${user ?? ''}:${password ?? ''}`
  try {
    return readFileSync(cookieFile, 'utf8').trim()
  } catch (error) {
    const message = `cookie file ${cookieFile} cannot be read (is the node at ${url} running?): ${(error as Error).message}`
    throw new NodeRpcError(message, { code: undefined, cause: error })
  }
}

/** What the operator has to do about the errors of the node's HTTP server, which say little. */
function textOf(code: number, method: string, url: string): string | undefined {
  if (code === 401) return `node ${url} refuses user and password (or cookie)`
  if (code === 403)
    return `node ${url} forbids ${method}: let this user call it (-rpcwhitelist), and this address (-rpcallowip)`
  if (code === 503)
    return `node ${url} is too busy for ${method} (its -rpcworkqueue is full, or it has too few -rpcthreads)`
  return undefined
}
