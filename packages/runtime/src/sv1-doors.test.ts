import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import { createInitiator } from '@sv2/noise'
import { afterEach, describe, expect, test } from 'vitest'
import { anIdentity, doorWith, ScriptedRole, Signal, type TestEffect, type TestEvent } from './_fixtures.ts'
import { TLS_CERTIFICATE, TLS_KEY } from './_tls.ts'
import { systemClock } from './clock.ts'
import type { EditionName } from './editions.ts'
import { Engine, type SessionInfo } from './engine.ts'
import { type DoorSettings, listen, type V1DoorSettings } from './listen.ts'
import { MISDIRECTED } from './misdirected.ts'
import { systemNoise } from './system-noise.ts'

const keys = { current: anIdentity('current'), draft: anIdentity('draft') }
const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const close of cleanUp.splice(0)) close()
})

const SUBSCRIBE = '{"id": 1, "method": "mining.subscribe", "params": ["bitaxe/BM1370/v2.4"]}\n'
const V1: V1DoorSettings = { only: false, maxLineBytes: 1_000, maxQueuedBytes: 1_000_000 }

/** A door for V1 with a role behind it. */
async function door(v1: Partial<V1DoorSettings> = {}, over: Partial<DoorSettings> = {}) {
  const role = new ScriptedRole()
  const opened = new Signal<SessionInfo>()
  const closed = new Signal<string>()
  const refused = new Signal<string>()
  const heard = new Signal<unknown>()
  const engine = new Engine<TestEvent, TestEffect>(role, {
    clock: systemClock,
    observer: {
      onEffect: () => undefined,
      onSessionOpened: (info) => opened.give(info),
      onSessionClosed: (_, reason) => closed.give(reason),
    },
  })
  role.react = (event) => {
    if (event.kind === 'message') heard.give(event.message)
    return []
  }
  const listening = await listen(doorWith({ edition: 'auto', v1: { ...V1, ...v1 }, ...over }), engine, {
    port: { kind: 'miners' },
    v1Port: { kind: 'v1 miners' },
    noise: systemNoise,
    clock: systemClock,
    identities: { current: keys.current.identity, draft: keys.draft.identity },
    onRefused: (_, reason) => refused.give(reason),
  })
  cleanUp.push(() => {
    listening.close()
    engine.stop('end of the test')
  })
  return { port: listening.port, role, engine, opened, closed, refused, heard }
}

async function knock(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  cleanUp.push(() => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.resume()
  await once(socket, 'connect')
  return socket
}

/** Writes pieces as segments of their own, as far as the loopback lets us. */
async function inPieces(socket: Socket, ...pieces: readonly (string | Uint8Array)[]): Promise<void> {
  for (const piece of pieces) {
    await new Promise<void>((resolve) => socket.write(piece, () => resolve()))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function firstFlight(edition: EditionName): Uint8Array {
  return createInitiator({ edition, authorityKey: keys[edition].authorityKey }, systemNoise).start()
}

describe('a door for V1 and V2', () => {
  test('hands V1 lines to the port of V1, as messages', async () => {
    const { port, opened, heard } = await door()
    const guest = await knock(port)
    guest.write(`${SUBSCRIBE}{"id":2,"method":"mining.authorize","params":["a.b","x"]}\nnonsense\n`)
    await heard.count(3)
    expect(opened.seen).toMatchObject([{ port: 'v1 miners', edition: 'v1' }])
    expect(heard.seen).toMatchObject([
      { type: 'mining.subscribe', id: '1' },
      { type: 'mining.authorize', user: 'a.b' },
      { type: 'malformed' },
    ])
  })

  test('knows a V1 line wherever it is cut', async () => {
    const { port, opened, heard } = await door()
    const line = new TextEncoder().encode(SUBSCRIBE)
    for (let cut = 1; cut < line.length; cut++) {
      await inPieces(await knock(port), line.subarray(0, cut), line.subarray(cut))
    }
    await heard.count(line.length - 1)
    expect(new Set(opened.seen.map(({ edition }) => edition))).toEqual(new Set(['v1']))
    expect(new Set(heard.seen.map((message) => (message as { type: string }).type))).toEqual(
      new Set(['mining.subscribe']),
    )
  })

  test.each(['current', 'draft'] as const)(
    'knows a client of edition %s wherever its flight is cut',
    async (edition) => {
      const { port, opened } = await door({}, { maxConnectionsPerIp: 200, maxHandshakes: 200 })
      const length = firstFlight(edition).length
      for (let cut = 1; cut < length; cut++) {
        const flight = firstFlight(edition)
        await inPieces(await knock(port), flight.subarray(0, cut), flight.subarray(cut))
      }
      await opened.count(length - 1)
      expect(new Set(opened.seen.map((info) => `${info.port} ${info.edition}`))).toEqual(
        new Set([`miners ${edition}`]),
      )
    },
  )

  test('is not led astray by a key that begins like a line', async () => {
    const { port, opened } = await door({}, { edition: 'current' })
    const guest = await knock(port)
    const key = new Uint8Array(64).fill(0x01)
    key.set(new TextEncoder().encode('{"id": 1, "method": "mini'))
    guest.write(key)
    expect(await opened.first()).toMatchObject({ port: 'miners', edition: 'current' })
  })

  test.each([
    ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', MISDIRECTED.http],
    ['POST /rpc HTTP/1.1\r\n\r\n', MISDIRECTED.http],
    ['\x16\x03\x01\x00\xa5\x01\x00\x00', MISDIRECTED.tls],
  ])('drops %j', async (opening, reason) => {
    const { port, refused, opened } = await door()
    const guest = await knock(port)
    guest.write(Buffer.from(opening, 'latin1'))
    await once(guest, 'close')
    expect(refused.seen).toEqual([reason])
    expect(opened.seen).toEqual([])
  })

  test.each(['', '{', '{"id": 1, "method": "mining.subscribe", "params": [', 'hello\n'])(
    'waits for the rest of %j until the deadline',
    async (opening) => {
      const { port, refused } = await door({}, { handshakeTimeoutMs: 40 })
      const guest = await knock(port)
      guest.write(opening)
      await once(guest, 'close')
      expect(refused.seen).toEqual(['no handshake in time'])
    },
  )

  test('counts V1 connections in the budget of their address', async () => {
    const { port, opened, refused } = await door({}, { maxConnectionsPerIp: 1 })
    const first = await knock(port)
    first.write(SUBSCRIBE)
    await opened.first()
    await once(await knock(port), 'close')
    expect(refused.seen).toEqual(['too many connections'])
    first.destroy()
  })
})

describe('a session of V1', () => {
  test('ends at a line that is too long, first or later', async () => {
    const { port, closed, refused } = await door()
    const endless = `{"id":1,"method":"${'x'.repeat(2_000)}`
    const first = await knock(port)
    first.write(endless)
    await once(first, 'close')
    expect(refused.seen).toEqual(['first line too long'])
    const later = await knock(port)
    await inPieces(later, SUBSCRIBE, endless)
    expect(await closed.first()).toMatch(/^line-too-long/)
  })

  test('answers all requests of a chunk in one write', async () => {
    const { port, role, heard } = await door()
    role.react = (event) => {
      if (event.kind !== 'message') return []
      heard.give(event.message)
      const { id } = event.message as unknown as { id: string }
      const message = { type: 'response', id, result: true, error: null }
      return [{ kind: 'send', to: event.session, message: message as never }]
    }
    const guest = await knock(port)
    const chunks: string[] = []
    guest.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
    guest.write('{"id":1,"method":"a"}\n{"id":2,"method":"b"}\n{"id":"3","method":"c"}\n')
    await once(guest, 'data')
    expect(chunks.join('').split('\n')).toHaveLength(4)
    expect(chunks).toHaveLength(1)
  })

  test('that does not read is dropped when too much waits for it', async () => {
    const { port, role, closed } = await door({ maxQueuedBytes: 200_000 })
    const message = { type: 'client.show_message', text: 'x'.repeat(10_000) } as never
    role.react = (event) => (event.kind === 'message' ? [{ kind: 'send', to: event.session, message }] : [])
    const guest = await knock(port)
    guest.pause()
    guest.on('error', () => undefined)
    const flood = setInterval(() => guest.write('{"id":1,"method":"a"}\n'.repeat(15)), 1)
    cleanUp.push(() => clearInterval(flood))
    expect(await closed.first()).toMatch(/^reads too slowly|^asks for too much/)
  })

  test('that cannot be told something ends, and nothing else does', async () => {
    const { port, role, closed, heard } = await door()
    role.react = (event) => {
      if (event.kind === 'message') heard.give(event.message)
      const message = { type: 'mining.set_version_mask', mask: -1 } as never
      return event.kind === 'message' ? [{ kind: 'send', to: event.session, message }] : []
    }
    const guest = await knock(port)
    guest.write(SUBSCRIBE)
    expect(await closed.first()).toMatch(/^cannot be said/)
    const next = await knock(port)
    next.write(SUBSCRIBE)
    await heard.count(2)
  })
})

describe('a door for V1 alone', () => {
  test('sends V2 away', async () => {
    const { port, refused } = await door({ only: true })
    const guest = await knock(port)
    guest.write(firstFlight('current'))
    await once(guest, 'close')
    expect(refused.seen).toEqual([MISDIRECTED.v2])
  })

  test('speaks TLS when it has a certificate', async () => {
    const tls = createSecureContext({ cert: TLS_CERTIFICATE, key: TLS_KEY })
    const { port, opened, heard, refused } = await door({ only: true, tls })
    const guest = connectTls({ host: '127.0.0.1', port, ca: TLS_CERTIFICATE, servername: 'localhost' })
    cleanUp.push(() => guest.destroy())
    guest.write(SUBSCRIBE)
    await heard.first()
    expect(opened.seen).toMatchObject([{ edition: 'v1', remote: expect.stringMatching(/^127\.0\.0\.1:/) }])
    const plain = await knock(port)
    plain.write(SUBSCRIBE)
    await once(plain, 'close')
    expect(refused.seen).toEqual([expect.stringMatching(/^connection failed: .*SSL/i)])
  })

  test('gives nobody more time for TLS than for a line', async () => {
    const tls = createSecureContext({ cert: TLS_CERTIFICATE, key: TLS_KEY })
    const { port, refused } = await door({ only: true, tls }, { handshakeTimeoutMs: 40 })
    await once(await knock(port), 'close')
    expect(refused.seen).toEqual(['no handshake in time'])
  })
})
