import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { aClock, portOf, ScriptedRole, Signal, type TestEffect, type TestEvent } from './_fixtures.ts'
import { TLS_CERTIFICATE, TLS_KEY } from './_tls.ts'
import { Engine } from './engine.ts'
import { dialV1, type V1UpstreamSettings } from './sv1-dial.ts'

const cleanUp: (() => void)[] = []
// Pauses and deadlines pass when a test says so; sockets are real.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => {
  for (const close of cleanUp.splice(0)) close()
  vi.useRealTimers()
})

/** A pool that takes lines. */
async function aPool(over: 'tcp' | 'tls' = 'tcp') {
  const guests = new Signal<Socket>()
  const lines = new Signal<string>()
  const take = (socket: Socket): void => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\n')) lines.give(line)
    })
    guests.give(socket)
  }
  const server: Server =
    over === 'tls' ? createTlsServer({ cert: TLS_CERTIFICATE, key: TLS_KEY }, take) : createServer(take)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => {
    for (const guest of guests.seen) guest.destroy()
    server.close()
  })
  return { port: portOf(server.address()), guests, lines }
}

/** A dialer with a role behind it that says hello. */
function dialled(port: number, over: Partial<V1UpstreamSettings> = {}) {
  const role = new ScriptedRole()
  const heard = new Signal<unknown>()
  const failed = new Signal<{ readonly where: string; readonly reason: string; readonly retryMs: number }>()
  const clock = aClock()
  role.react = (event) => {
    if (event.kind === 'message') heard.give(event.message)
    const message = { type: 'mining.subscribe', id: 1, userAgent: 'test' } as never
    return event.kind === 'opened' ? [{ kind: 'send', to: event.session, message }] : []
  }
  const engine = new Engine<TestEvent, TestEffect>(role, { clock, observer: { onEffect: () => undefined } })
  const dialer = dialV1(
    {
      host: '127.0.0.1',
      port,
      tls: false,
      verifyCertificate: true,
      handshakeTimeoutMs: 10_000,
      maxLineBytes: 1_000,
      maxQueuedBytes: 65_536,
      ...over,
    },
    engine,
    {
      port: { kind: 'pool' },
      clock,
      random: () => 1,
      onFailed: (where, reason, retryMs) => failed.give({ where, reason, retryMs }),
    },
  )
  cleanUp.push(() => {
    dialer.close()
    engine.stop('end of the test')
  })
  return { dialer, role, heard, failed, clock }
}

describe('a dialer of V1', () => {
  test('speaks lines with the pool', async () => {
    const { port, guests, lines } = await aPool()
    const { heard, role } = dialled(port)
    expect(JSON.parse(await lines.first())).toMatchObject({ method: 'mining.subscribe' })
    guests.seen[0]!.write('{"id":null,"method":"mining.set_difficulty","params":[512]}\n{{{\n')
    await heard.count(2)
    expect(heard.seen).toMatchObject([
      { type: 'mining.set_difficulty', difficulty: 512 },
      { type: 'malformed' },
    ])
    expect(role.events[0]).toMatchObject({
      kind: 'opened',
      port: { kind: 'pool' },
      capabilities: { extensions: false },
    })
  })

  test('comes back when the pool goes, with growing pauses', async () => {
    const { port, guests } = await aPool()
    const { failed } = dialled(port)
    ;(await guests.first()).destroy()
    await failed.count(1)
    vi.advanceTimersByTime(500)
    await guests.count(2)
    guests.seen[1]!.destroy()
    await failed.count(2)
    expect(failed.seen.map(({ retryMs }) => retryMs)).toEqual([500, 1_000])
  })

  test('goes where it is sent, after the pause that was asked for', async () => {
    const [first, second] = [await aPool(), await aPool()]
    const { dialer, failed, role } = dialled(first.port)
    const guest = await first.guests.first()
    dialer.redial('', second.port, 7_000)
    guest.destroy()
    await vi.waitFor(() => expect(role.events.at(-1)).toMatchObject({ kind: 'closed' }))
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0))
    vi.advanceTimersByTime(6_999)
    expect(second.guests.seen).toEqual([])
    vi.advanceTimersByTime(1)
    await second.guests.first()
    // a change that we were asked for is no failure
    expect(failed.seen).toEqual([])
  })

  test('closes on a pool whose line never ends', async () => {
    const { port, guests } = await aPool()
    const { role, failed } = dialled(port)
    ;(await guests.first()).write('x'.repeat(2_000))
    await failed.first()
    expect(role.events.at(-1)).toMatchObject({ kind: 'closed' })
  })

  test('speaks TLS, and believes no certificate nobody vouches for', async () => {
    const { port, lines } = await aPool('tls')
    const { failed } = dialled(port, { tls: true, host: 'localhost' })
    expect((await failed.first()).reason).toMatch(/self.signed/i)
    dialled(port, { tls: true, host: 'localhost', verifyCertificate: false })
    expect(JSON.parse(await lines.first())).toMatchObject({ method: 'mining.subscribe' })
  })

  test('gives up on a pool that never ends its TLS handshake, and tries again', async () => {
    const { port, guests } = await aPool()
    const { failed } = dialled(port, { tls: true })
    await guests.first()
    vi.advanceTimersByTime(10_000)
    expect((await failed.first()).reason).toBe('no handshake in time')
  })
})
