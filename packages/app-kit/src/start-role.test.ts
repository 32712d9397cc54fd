import { once } from 'node:events'
import { createServer } from 'node:net'
import { PassThrough } from 'node:stream'
import type { Role } from '@sv2/roles/ground'
import { systemClock, type UpstreamSettings } from '@sv2/runtime'
import { portOf, Signal } from '@sv2/runtime/testing/fixtures'
import { expect, test } from 'vitest'
import type { AppContext } from './app.ts'
import { byPlace } from './dial-upstreams.ts'
import { createLogger } from './logger.ts'
import { Registry } from './monitoring.ts'
import { Scope } from './scope.ts'
import { startRole } from './start-role.ts'

type Event =
  | { readonly kind: 'own' | 'stop' | 'tick' }
  | { readonly kind: 'opened' | 'closed'; readonly session: number }
  | { readonly kind: 'unreachable'; readonly upstream: number }
type Effect =
  | { readonly kind: 'fact'; readonly of: string }
  | { readonly kind: 'dial'; readonly upstream: number }
  | { readonly kind: 'redial'; readonly upstream: number; readonly host: string; readonly port: number }

/** A role that tells what it hears, and does on `own` what it is given. */
class Echo implements Role<Event, Effect> {
  readonly #wanted: readonly Effect[]

  constructor(...wanted: readonly Effect[]) {
    this.#wanted = wanted
  }

  handle(event: Event): readonly Effect[] {
    return event.kind === 'own' ? this.#wanted : [{ kind: 'fact', of: event.kind }]
  }

  nextDeadline(): number {
    return Number.POSITIVE_INFINITY
  }
}

function aContext() {
  const out = new PassThrough()
  const scope = new Scope()
  const context: AppContext = {
    log: createLogger('test', { level: 'info', format: 'json' }, out),
    registry: new Registry(),
    scope,
    clock: systemClock,
  }
  const lines = new Signal<Record<string, unknown>>()
  out.on('data', (line) => lines.give(JSON.parse(String(line)) as Record<string, unknown>))
  return { context, lines, end: () => scope.close((_, error) => expect.fail(String(error))) }
}

function settings(port: number): UpstreamSettings {
  return {
    host: '127.0.0.1',
    port,
    edition: 'current',
    noise: false,
    authorityKey: undefined,
    clockToleranceSeconds: 600,
    protocol: 'mining',
    handshakeTimeoutMs: 10_000,
    maxPayloadBytes: 65_536,
    maxQueuedBytes: 65_536,
  }
}

/** A port that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server.address())
  server.close()
  await once(server, 'close')
  return port
}

test('what a role tells reaches the app, and what it wants of upstreams is done', async () => {
  const { context, end } = aContext()
  const told: string[] = []
  const commands: string[] = []
  const failed = new Signal<{ readonly line: object; readonly text: string }>()
  const redial: Effect = { kind: 'redial', upstream: 0, host: '', port: 0 }
  const { engine } = startRole(context, {
    role: new Echo({ kind: 'fact', of: 'its own' }, { kind: 'dial', upstream: 0 }, redial),
    onEffect: (effect) => told.push(effect.kind === 'fact' ? effect.of : effect.kind),
    upstreams: {
      list: byPlace([settings(await closedPort())]),
      onFailed: { text: 'upstream cannot be reached', warn: (line, text) => failed.give({ line, text }) },
      onCommand: ({ kind }) => commands.push(kind),
    },
  })
  engine.tell({ kind: 'own' })
  expect(await failed.first()).toMatchObject({
    text: 'upstream cannot be reached',
    line: {
      where: expect.stringMatching(/^127\.0\.0\.1:/),
      reason: expect.any(String),
      retryMs: expect.any(Number),
    },
  })
  expect(commands).toEqual(['dial', 'redial'])
  expect(told).toEqual(['its own', 'unreachable'])
  await end()
})

test('a server that cannot be reached is a line of the log', async () => {
  const { context, lines, end } = aContext()
  startRole(context, {
    role: new Echo(),
    onEffect: () => {},
    servers: [
      {
        name: 'template provider',
        port: { kind: 'templates' },
        settings: settings(await closedPort()),
        onFailed: { text: 'template provider cannot be reached' },
      },
    ],
  })
  expect(await lines.first()).toMatchObject({ level: 40, msg: 'template provider cannot be reached' })
  await end()
})

test('at the end the role takes leave while its connections stand, and what came later has ended before', async () => {
  const { context, end } = aContext()
  const order: string[] = []
  const server = createServer((socket) => socket.on('error', () => socket.destroy())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const opened = new Signal<string>()
  context.scope.own('first', () => void order.push('first'))
  startRole<Event, Effect>(context, {
    role: new Echo(),
    onEffect(effect) {
      if (effect.kind !== 'fact') return
      order.push(effect.of)
      if (effect.of === 'opened') opened.give(effect.of)
    },
    onSessionClosed: () => order.push('connection closed'),
    servers: [
      {
        name: 'server',
        port: { kind: 'server' },
        settings: settings(portOf(server.address())),
        onFailed: { text: '' },
      },
    ],
    farewell: { event: { kind: 'stop' }, ms: 0 },
  })
  await opened.first()
  context.scope.own('later', () => void order.push('later'))
  await end()
  server.close()
  await once(server, 'close')
  expect(order).toEqual(['opened', 'later', 'stop', 'connection closed', 'first'])
})

test('numbers and health are served until the end', async () => {
  const { context, end } = aContext()
  const started = startRole(context, { role: new Echo(), onEffect: () => {} })
  let clients = 1
  const port = await started.monitor(
    { host: '127.0.0.1', port: 0 },
    {
      gauges: [['sv2_clients_total', 'Connected miners', () => clients]],
      health: () => ({ ok: clients > 2 }),
    },
  )
  clients = 2
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toMatch(/^sv2_clients_total 2$/m)
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(503)
  await end()
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
})
