import { z } from 'zod'
import { VERSION } from '../version.ts'
import type { Route } from './route.ts'
import { failure } from './shapes.ts'

/** The OpenAPI 3.1 document of an API. */
export function openApi(routes: readonly Route[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    paths[route.path] ??= {}
    paths[route.path]![route.method.toLowerCase()] = operation(route)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'sv2',
      version: VERSION,
      description:
        'Statistics of a Stratum V2 node. Names of accounts, workers and machines are what miners send: show them as text.',
    },
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}

function operation({ method, path, summary, isOpen, params, query, body, answer }: Route): unknown {
  const isTokened = method !== 'GET' && !isOpen
  const failed = { description: 'Why not', content: json(failure) }
  return {
    summary,
    operationId: `${method.toLowerCase()}_${path.replace(/^\/api\/v1\//, '').replaceAll(/[^a-z0-9]+/gi, '_')}`,
    parameters: [...parameters(params, 'path'), ...parameters(query, 'query')],
    ...(Object.keys(body.shape).length > 0 && { requestBody: { required: true, content: json(body) } }),
    responses: {
      200: { description: summary, content: json(answer) },
      ...(isTokened ? { 401: failed } : {}),
      400: failed,
      404: failed,
      429: failed,
    },
    ...(isTokened ? { security: [{ token: [] }] } : {}),
  }
}

function parameters(shape: z.ZodObject, where: 'path' | 'query'): unknown[] {
  const { properties = {}, required = [] } = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema,
  }))
}

function json(shape: z.ZodType): unknown {
  return { 'application/json': { schema: z.toJSONSchema(shape, { io: 'output', unrepresentable: 'any' }) } }
}
