import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Nothing comes from another host, and nobody frames the page. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** The folder of the built dashboard. */
export function dashboardFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('@sv2/dashboard/package.json')), 'dist')
}

/** Serves the dashboard at `/`, from memory. Where it is not built, the page says so. */
export function serveDashboard(app: FastifyInstance, folder: string = dashboardFolder()): void {
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/', async (_, reply) =>
      reply
        .code(404)
        .type('text/plain')
        .send('The dashboard is not built: npm run build. The API is at /api/v1/pool.\n'),
    )
    return
  }
  for (const file of filesIn(folder)) {
    const path = relative(folder, file).split('\\').join('/')
    serveFile(app, path === 'index.html' ? '/' : `/${path}`, file)
  }
}

function serveFile(app: FastifyInstance, url: string, file: string): void {
  const content = readFileSync(file)
  const zipped = gzipSync(content)
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
  // names of assets hold a hash of what is in them
  const caching = url === '/' ? 'no-cache' : 'public, max-age=31536000, immutable'
  app.get(url, async (request, reply) => {
    reply.headers({ ...HEADERS, etag, 'cache-control': caching, vary: 'Accept-Encoding' })
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()
    reply.type(TYPES[extname(file)] ?? 'application/octet-stream')
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(content)
    return reply.header('content-encoding', 'gzip').send(zipped)
  })
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path) : [path]
  })
}
