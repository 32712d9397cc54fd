import { timingSafeEqual } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { fastSha256d } from '../fast-hash.ts'
import type { NodeCore } from '../node-core.ts'
import { dispatch } from './dispatch.ts'

/** Largest request in bytes: the hex of the largest block fits several times. */
const BODY_LIMIT = 64 * 1024 * 1024

/** Where and for whom the RPC server listens. */
export type RpcServerSettings = {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** `user:password` pairs that may call. */
  readonly credentials: readonly string[]
  readonly longPollDelayMs: number
}

/** Bitcoin Core's RPC over HTTP: POST with basic authentication, everything else refused. */
export class RpcServer {
  readonly #app: FastifyInstance
  readonly #settings: RpcServerSettings
  readonly #pending = new Set<AbortController>()

  constructor(settings: RpcServerSettings, node: NodeCore) {
    this.#settings = settings
    this.#app = fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true })
    this.#app.removeAllContentTypeParsers()
    this.#app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    this.#app.addHook('onRequest', async (request, reply) => {
      if (request.method !== 'POST') return reply.code(405).send('JSONRPC server handles only POST requests')
      if (this.#isAllowed(request)) return undefined
      return reply.code(401).header('WWW-Authenticate', 'Basic realm="jsonrpc"').send()
    })
    this.#app.post('/*', async (request, reply) => {
      const call = { node, longPollDelayMs: settings.longPollDelayMs, signal: this.#untilClosed(reply.raw) }
      const { status, body } = await dispatch(call, typeof request.body === 'string' ? request.body : '')
      // As bytes, so that fastify adds no charset: callers compare the type with what bitcoind sends.
      return reply.code(status).header('content-type', 'application/json').send(Buffer.from(body))
    })
  }

  /** Starts to listen and returns the port. */
  async listen(): Promise<number> {
    await this.#app.listen({ host: this.#settings.host, port: this.#settings.port })
    return (this.#app.server.address() as AddressInfo).port
  }

  /** Ends long polls and closes all connections. */
  async close(): Promise<void> {
    for (const controller of this.#pending) controller.abort()
    await this.#app.close()
  }

  // Fires when the answer is out, the caller hung up or the server stops.
  #untilClosed(response: ServerResponse): AbortSignal {
    const controller = new AbortController()
    this.#pending.add(controller)
    response.once('close', () => {
      this.#pending.delete(controller)
      controller.abort()
    })
    return controller.signal
  }

  // Compared as hashes, so that neither length nor content leaks through the time it takes.
  #isAllowed(request: FastifyRequest): boolean {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'basic' || token === undefined) return false
    const given = fastSha256d(Buffer.from(token, 'base64'))
    return this.#settings.credentials.some((pair) => timingSafeEqual(given, fastSha256d(Buffer.from(pair))))
  }
}
