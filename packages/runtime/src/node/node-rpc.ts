/// <reference path="./bitcoin-core.d.ts" />
import { readFileSync } from 'node:fs'
import Client from 'bitcoin-core'

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

/** A node's RPC through `bitcoin-core`. The cookie is read for each call: a node makes a new one at each start. */
export function nodeRpc(settings: NodeRpcSettings): NodeRpc {
  /** By timeout: a long poll's outlasts that of other calls. */
  const clients = new Map<number, { readonly login: string; readonly client: Client }>()
  return {
    url: settings.url,
    async call(method, parameters, timeoutMs = DEFAULT_TIMEOUT_MS) {
      const { username, password } = credentials(settings)
      const login = `${username}:${password}`
      let known = clients.get(timeoutMs)
      if (known?.login !== login) {
        known = { login, client: new Client({ host: settings.url, username, password, timeout: timeoutMs }) }
        clients.set(timeoutMs, known)
      }
      try {
        return await known.client.command(method, ...parameters)
      } catch (error) {
        throw asRpcError(error, settings.url, method)
      }
    },
  }
}

function credentials({ cookieFile, user, password, url }: NodeRpcSettings): {
  username: string
  password: string
} {
  if (cookieFile === undefined) return { username: user ?? '', password: password ?? '' }
  try {
    const [name = '', ...secret] = readFileSync(cookieFile, 'utf8').trim().split(':')
    return { username: name, password: secret.join(':') }
  } catch (error) {
    const message = `cookie file ${cookieFile} cannot be read (is the node at ${url} running?): ${(error as Error).message}`
    throw new NodeRpcError(message, { code: undefined, cause: error })
  }
}

function asRpcError(error: unknown, url: string, method: string): NodeRpcError {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code !== 'number') {
    return new NodeRpcError(`node ${url} cannot be reached: ${String(message)}`, {
      code: undefined,
      cause: error,
    })
  }
  return new NodeRpcError(textOf(code, method, url) ?? `node ${url}: ${method}: ${String(message)}`, {
    code,
    cause: error,
  })
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
