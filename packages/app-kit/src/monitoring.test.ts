import { afterEach, expect, test } from 'vitest'
import { Counter, createRegistry, serveMonitoring } from './monitoring.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close()
})

async function serve(health: () => { readonly ok: boolean }) {
  const registry = createRegistry('app')
  const server = await serveMonitoring({ host: '127.0.0.1', port: 0 }, { registry, health })
  opened.push(server)
  return { registry, url: `http://127.0.0.1:${server.port}` }
}

test('/metrics has our numbers and those of the process, with the name of the app', async () => {
  const { registry, url } = await serve(() => ({ ok: true }))
  new Counter({ name: 'sv2_things_total', help: 'Things', registers: [registry] }).inc(3)
  const answer = await fetch(`${url}/metrics`)
  expect(answer.headers.get('content-type')).toContain('text/plain')
  const text = await answer.text()
  expect(text).toContain('sv2_things_total{app="app"} 3')
  expect(text).toContain('process_resident_memory_bytes{app="app"}')
})

test('/healthz answers 200 while all is well, 503 otherwise, both with details', async () => {
  let ok = true
  const { url } = await serve(() => ({ ok, connections: 2 }))
  const well = await fetch(`${url}/healthz`)
  expect([well.status, await well.json()]).toEqual([200, { ok: true, connections: 2 }])
  ok = false
  const ill = await fetch(`${url}/healthz`)
  expect([ill.status, await ill.json()]).toEqual([503, { ok: false, connections: 2 }])
})

test('anything else is not found', async () => {
  const { url } = await serve(() => ({ ok: true }))
  expect((await fetch(`${url}/other`)).status).toBe(404)
})

test('a taken port is an error that names it', async () => {
  const { url } = await serve(() => ({ ok: true }))
  const port = Number(new URL(url).port)
  const again = serveMonitoring(
    { host: '127.0.0.1', port },
    { registry: createRegistry('app'), health: () => ({ ok: true }) },
  )
  await expect(again).rejects.toThrow(`127.0.0.1:${port}`)
})
