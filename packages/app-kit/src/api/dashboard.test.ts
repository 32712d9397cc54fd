import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify from 'fastify'
import { afterAll, expect, test } from 'vitest'
import { serveDashboard } from './dashboard.ts'

const folder = mkdtempSync(join(tmpdir(), 'sv2-dashboard-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a dashboard that is not built says so', async () => {
  const app = fastify()
  serveDashboard(app, join(folder, 'nothing'))
  const answer = await app.inject({ url: '/' })
  expect([answer.statusCode, answer.body]).toEqual([404, expect.stringContaining('npm run build')])
})

test('its files come with types, a policy, and a name for what is in them', async () => {
  const built = join(folder, 'built')
  mkdirSync(join(built, 'assets'), { recursive: true })
  writeFileSync(join(built, 'index.html'), '<!doctype html>')
  writeFileSync(join(built, 'assets/a-1.js'), 'let a')
  const app = fastify()
  serveDashboard(app, built)
  const page = await app.inject({ url: '/', headers: { 'accept-encoding': 'identity' } })
  expect(page.body).toBe('<!doctype html>')
  expect(page.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  })
  const again = await app.inject({ url: '/', headers: { 'if-none-match': String(page.headers.etag) } })
  expect(again.statusCode).toBe(304)
  const script = await app.inject({ url: '/assets/a-1.js', headers: { 'accept-encoding': 'br, gzip' } })
  expect(script.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'content-encoding': 'gzip',
    'cache-control': expect.stringContaining('immutable'),
  })
})

test.each(['/..%2findex.html', '/assets/../../package.json', '/index.html', '/assets/'])(
  '%s is nothing',
  async (url) => {
    const app = fastify()
    serveDashboard(app, join(folder, 'built'))
    expect((await app.inject({ url })).statusCode).toBe(404)
  },
)
