import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { auditRoutes } from '../audit/audit-routes.ts'
import { EventStream } from './event-stream.ts'
import { farmRoutes } from './farm-routes.ts'
import { openApi } from './openapi.ts'
import { poolRoutes } from './pool-routes.ts'
import { ApiRefusal } from './refusal.ts'
import { RequestBudget } from './request-budget.ts'
import type { Route } from './route.ts'
import type { ApiSources } from './sources.ts'
import { sriRoutes } from './sri-routes.ts'

/** How the API is served. */
export interface ApiSettings {
  /** Web pages of other hosts that may read it, as browsers spell them: `https://example.org`. */
  readonly corsOrigins: readonly string[]
  /** Requests of one address in a second. */
  readonly maxRequestsPerSecond: number
  /** Requests that change something have to bring it; undefined: nothing can be changed. */
  readonly token?: string | undefined
  /** A page could not be made: a fault of ours. */
  readonly onFault: (error: unknown) => void
}

/** Serves `/api/v1` on a server that is not listening yet. */
export function serveApi(app: FastifyInstance, sources: ApiSources, settings: ApiSettings): void {
  const routes = [
    ...poolRoutes(sources),
    ...auditRoutes(sources.audit),
    ...farmRoutes(sources),
    ...sriRoutes(sources),
  ]
  const budget = new RequestBudget(settings.maxRequestsPerSecond)
  const open = { ofOne: new RequestBudget(OPEN_OF_ONE), ofAll: new RequestBudget(OPEN_OF_ALL) }
  const document = openApi(routes)
  const events = new EventStream(sources.stats, sources.now)
  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/api/')) return
    sources.stats.settle()
    allowOrigin(request, reply, settings)
    if (!budget.take(request.ip, sources.now()))
      return reply.code(429).header('retry-after', '1').send({ error: 'too many requests' })
  })
  app.addHook('onClose', async () => events.close())
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'not found' }))
  app.setErrorHandler((error, _, reply) => {
    if (error instanceof ApiRefusal) return reply.code(error.statusCode).send({ error: error.message })
    const { statusCode = 500 } = error as { readonly statusCode?: number }
    if (statusCode >= 500) settings.onFault(error)
    return reply.code(statusCode).send({ error: statusCode >= 500 ? 'a fault of ours' : 'bad request' })
  })
  for (const route of routes)
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: (request, reply) => answer(route, { settings, open, now: sources.now() }, { request, reply }),
    })
  app.get('/api/v1/openapi.json', async () => document)
  app.get('/api/v1/events', (request, reply) => {
    if (!events.hasRoom) return void reply.code(503).send({ error: 'too many readers' })
    const lastId = request.headers['last-event-id']
    reply.hijack()
    const headers = Object.fromEntries(
      Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]),
    )
    events.add(reply.raw, { lastId: Array.isArray(lastId) ? lastId[0] : lastId, headers })
  })
}

/** Requests in a second that change something without the token, of one address and of all: each costs a few ms and a record. */
const OPEN_OF_ONE = 1
const OPEN_OF_ALL = 5

interface OpenBudgets {
  readonly ofOne: RequestBudget
  readonly ofAll: RequestBudget
}

async function answer(
  route: Route,
  {
    settings,
    open,
    now,
  }: { readonly settings: ApiSettings; readonly open: OpenBudgets; readonly now: number },
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<unknown> {
  if (route.isOpen && !(open.ofOne.take(request.ip, now) && open.ofAll.take('', now)))
    return reply.code(429).header('retry-after', '1').send({ error: 'too many requests' })
  if (route.method !== 'GET' && !route.isOpen && !mayChange(request.headers.authorization, settings.token))
    return reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send({ error: 'this takes the token of the API' })
  const params = route.params.safeParse(request.params)
  if (!params.success) return reply.code(404).send({ error: 'not found' })
  const query = route.query.safeParse(request.query)
  if (!query.success) return reply.code(400).send({ error: z.prettifyError(query.error) })
  const body = route.body.safeParse(request.body ?? {})
  if (!body.success) return reply.code(400).send({ error: z.prettifyError(body.error) })
  const told = await route.handle({ params: params.data, query: query.data, body: body.data })
  if (told === undefined) return reply.code(404).send({ error: 'not found' })
  return reply.header('cache-control', 'no-store').send(told)
}

/** Compares digests, so that the time it takes tells nothing of the token. */
function mayChange(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined || authorization === undefined) return false
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`))
}

function allowOrigin(request: FastifyRequest, reply: FastifyReply, { corsOrigins }: ApiSettings): void {
  const { origin } = request.headers
  if (corsOrigins.length === 0) return
  reply.header('vary', 'Origin')
  if (origin === undefined || !corsOrigins.includes(origin)) return
  reply.header('access-control-allow-origin', origin)
}
