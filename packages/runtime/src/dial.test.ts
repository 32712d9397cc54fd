import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { encodeFrame } from '@sv2/codec'
import {
  certificatesOf,
  createResponder,
  fixedIdentity,
  makeAuthorityKeyPair,
  makeKeyPair,
  type ServerIdentity,
  signCertificate,
  signingIdentity,
  suiteOf,
} from '@sv2/noise'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { aClock, doorWith, portOf, Signal } from './_fixtures.ts'
import { dial, type UpstreamSettings } from './dial.ts'
import type { Dialer } from './dialer.ts'
import type { EditionName } from './editions.ts'
import type { Engine } from './engine.ts'
import { listen } from './listen.ts'
import { systemNoise } from './system-noise.ts'

type Adopted = Parameters<Engine<never, never>['adopt']>
interface Failure {
  readonly where: string
  readonly reason: string
  readonly retryMs: number
}

const cleanUp: (() => void)[] = []
// Pauses and deadlines pass when a test says so; sockets are real.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => {
  for (const close of cleanUp.splice(0)) close()
  vi.useRealTimers()
})

/** A dialer, and what becomes of its attempts. */
function dialled(over: Partial<UpstreamSettings> & { readonly port: number }, random = 1) {
  const adopted = new Signal<{ readonly socket: Socket; readonly how: Adopted[1] }>()
  const failed = new Signal<Failure>()
  const clock = aClock()
  const dialer: Dialer = dial(
    {
      host: '127.0.0.1',
      edition: 'current',
      noise: true,
      authorityKey: undefined,
      clockToleranceSeconds: 600,
      protocol: 'mining',
      handshakeTimeoutMs: 10_000,
      maxPayloadBytes: 65_536,
      maxQueuedBytes: 65_536,
      ...over,
    },
    {
      adopt(socket, how) {
        socket.on('error', () => socket.destroy())
        socket.on('close', () => how.onGone?.())
        socket.resume()
        adopted.give({ socket, how })
        return undefined as never
      },
    },
    {
      port: { kind: 'upstream' },
      noise: systemNoise,
      clock,
      random: () => random,
      onFailed: (where, reason, retryMs) => failed.give({ where, reason, retryMs }),
    },
  )
  cleanUp.push(() => {
    dialer.close()
    for (const { socket } of adopted.seen) socket.destroy()
  })
  return { dialer, adopted, failed, clock }
}

/** An authority, and servers that it vouches for. */
function authority(edition: EditionName) {
  const { backend, randomBytes } = systemNoise
  const scheme = certificatesOf(edition, backend)
  const { secret, publicKey } = makeAuthorityKeyPair(scheme, randomBytes)
  const staticPair = () => makeKeyPair(suiteOf(edition, backend), randomBytes)
  return {
    publicKey,
    identity: () =>
      signingIdentity(
        { scheme, staticPair: staticPair(), authoritySecret: secret, validitySeconds: 3600 },
        systemNoise,
      ),
    identityValid(validFrom: number, notValidAfter: number): ServerIdentity {
      const pair = staticPair()
      const signing = { scheme, authoritySecret: secret, serverKey: pair.key, form: 'text' as const }
      return fixedIdentity(
        pair,
        signCertificate({ version: 0, validFrom, notValidAfter }, signing, randomBytes),
      )
    },
  }
}

/** A server that counts its handshakes. */
async function server(edition: EditionName, identity: ServerIdentity) {
  const handshakes = new Signal<string>()
  const sockets: Socket[] = []
  const door = await listen(
    doorWith({ edition }),
    {
      adopt(socket) {
        sockets.push(socket)
        socket.on('error', () => socket.destroy())
        socket.resume()
        return undefined as never
      },
    },
    {
      port: { kind: 'server' },
      noise: systemNoise,
      clock: aClock(),
      identities: { [edition]: identity },
      onHandshake: (name) => handshakes.give(name),
    },
  )
  cleanUp.push(() => {
    door.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port: door.port, handshakes }
}

/** Ends a connection, and waits until that is known. */
async function lost(socket: Socket): Promise<void> {
  const closed = once(socket, 'close')
  socket.destroy()
  await closed
}

/** A TCP server that does what it is told with each connection. */
async function bare(onConnection: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const listener = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    cleanUp.push(() => socket.destroy())
    onConnection(socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  cleanUp.push(() => void listener.close())
  return { port: portOf(listener.address()), server: listener }
}

async function closedPort(): Promise<number> {
  const { port, server: listener } = await bare(() => undefined)
  await new Promise((resolve) => listener.close(resolve))
  return port
}

describe('reconnecting', () => {
  test('goes on for ever, with pauses that double up to half a minute', async () => {
    const { failed } = dialled({ port: await closedPort() })
    for (let n = 1; n <= 9; n++) {
      await failed.count(n)
      vi.advanceTimersByTime(30_000)
    }
    expect(failed.seen.slice(0, 9).map(({ retryMs }) => retryMs)).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ])
    expect(failed.seen[0]?.reason).toContain('ECONNREFUSED')
  })

  test('is spread by chance over the second half of the pause', async () => {
    const { failed } = dialled({ port: await closedPort() }, 0)
    expect((await failed.first()).retryMs).toBe(250)
  })

  test('starts with short pauses again after a session that held', async () => {
    const key = authority('current')
    const { port } = await server('current', key.identity())
    const { adopted, failed, clock } = dialled({ port, authorityKey: key.publicKey })
    clock.seconds = 1_700_000_000
    const first = await adopted.first()
    first.socket.destroy()
    await failed.count(1)
    vi.advanceTimersByTime(500)
    await adopted.count(2)
    clock.ms += 10_001
    adopted.seen[1]!.socket.destroy()
    await failed.count(2)
    expect(failed.seen.map(({ reason, retryMs }) => [reason, retryMs])).toEqual([
      ['connection lost', 500],
      ['connection lost', 500],
    ])
  })

  test('of our own choice is at once and no failure, unless it is chosen again and again', async () => {
    const key = authority('current')
    const { port } = await server('current', key.identity())
    const { dialer, adopted, failed, clock } = dialled({ port, authorityKey: key.publicKey })
    clock.seconds = 1_700_000_000
    for (let renewals = 1; renewals <= 3; renewals++) {
      await adopted.count(renewals)
      dialer.redial('', 0)
      await lost(adopted.seen[renewals - 1]!.socket)
      expect(failed.seen).toEqual([])
      vi.advanceTimersByTime(50)
    }
    await adopted.count(4)
    dialer.redial('', 0)
    await lost(adopted.seen[3]!.socket)
    expect(failed.seen).toMatchObject([{ reason: 'connection lost', retryMs: 500 }])
    vi.advanceTimersByTime(500)
    await adopted.count(5)
    clock.ms += 10_001
    await lost(adopted.seen[4]!.socket)
    vi.advanceTimersByTime(500)
    await adopted.count(6)
    dialer.redial('', 0)
    await lost(adopted.seen[5]!.socket)
    expect(failed.seen).toHaveLength(2)
  })

  test('gives up on a server that is silent, and tries again', async () => {
    const connected = new Signal<Socket>()
    const { port } = await bare((socket) => connected.give(socket))
    const { failed } = dialled({ port })
    await connected.first()
    vi.advanceTimersByTime(10_000)
    expect((await failed.first()).reason).toBe('no handshake in time')
    vi.advanceTimersByTime(500)
    await connected.count(2)
  })

  test('ends with close', async () => {
    const { dialer, failed } = dialled({ port: await closedPort() })
    await failed.first()
    dialer.close()
    vi.advanceTimersByTime(100_000)
    expect(vi.getTimerCount()).toBe(0)
    expect(failed.seen).toHaveLength(1)
  })

  test('another address is taken at the next attempt; empty host and port 0 keep theirs', async () => {
    const connected = new Signal<Socket>()
    const { port } = await bare((socket) => connected.give(socket))
    const nowhere = await closedPort()
    const { dialer, failed } = dialled({ port: nowhere, noise: false })
    expect((await failed.first()).where).toBe(`127.0.0.1:${nowhere}`)
    dialer.redial('', 0)
    vi.advanceTimersByTime(30_000)
    await failed.count(2)
    expect(failed.seen[1]).toMatchObject({ where: `127.0.0.1:${nowhere}`, retryMs: 500 })
    dialer.redial('', port)
    vi.advanceTimersByTime(30_000)
    await connected.first()
  })

  test('another address that leads nowhere is given up for the configured one', async () => {
    const home = await closedPort()
    const { dialer, failed } = dialled({ port: home, noise: false })
    await failed.count(1)
    const elsewhere = await closedPort()
    dialer.redial('', elsewhere)
    for (let attempts = 1; attempts <= 7; attempts++) {
      await failed.count(attempts)
      vi.advanceTimersByTime(failed.seen.at(-1)!.retryMs)
    }
    const where = failed.seen.map((failure) => failure.where)
    expect(where.slice(1, 6)).toEqual(Array(5).fill(`127.0.0.1:${elsewhere}`))
    expect(where.slice(6)).toEqual([`127.0.0.1:${home}`])
  })
})

describe.each(['current', 'draft'] as const)('who the server is, edition %s', (edition) => {
  test(`SEC-20 (${edition}): after a reconnect the handshake is run with the new node`, async () => {
    const key = authority(edition)
    const first = await server(edition, key.identity())
    const second = await server(edition, key.identity())
    const { dialer, adopted, failed } = dialled({ edition, port: first.port, authorityKey: key.publicKey })
    await adopted.first()
    dialer.redial('127.0.0.1', second.port)
    await lost(adopted.seen[0]!.socket)
    vi.advanceTimersByTime(50)
    await adopted.count(2)
    expect(failed.seen).toEqual([])
    expect(second.handshakes.seen).toEqual([edition])
    expect(adopted.seen[1]!.how.wire).not.toBe(adopted.seen[0]!.how.wire)
  })

  test(`SEC-21 (${edition}): a new node that another authority signed is refused`, async () => {
    const key = authority(edition)
    const first = await server(edition, key.identity())
    const foreign = await server(edition, authority(edition).identity())
    const { dialer, adopted, failed } = dialled({ edition, port: first.port, authorityKey: key.publicKey })
    await adopted.first()
    dialer.redial('127.0.0.1', foreign.port)
    await lost(adopted.seen[0]!.socket)
    vi.advanceTimersByTime(50)
    await failed.count(1)
    expect(failed.seen[0]?.reason).toMatch(/^handshake failed: bad-certificate-signature/)
    expect(adopted.seen).toHaveLength(1)
  })

  test(`SEC-02 (${edition}): nothing is said to a server that skips the handshake`, async () => {
    const heard: Buffer[] = []
    const { port } = await bare((socket) => {
      socket.on('data', (chunk: Buffer) => heard.push(chunk))
      socket.write(new Uint8Array(300))
    })
    const { adopted, failed } = dialled({ edition, port, authorityKey: authority(edition).publicKey })
    expect((await failed.first()).reason).toMatch(/^handshake failed: /)
    expect(adopted.seen).toEqual([])
    expect(Buffer.concat(heard).length).toBeLessThanOrEqual(64)
  })

  test.each([
    { off: 'one hour slow', validFrom: 3600, until: 7200, message: 'clock is 3600 s before the start' },
    { off: 'one hour fast', validFrom: -7200, until: -3600, message: 'clock is 3600 s after the end' },
  ])('a clock that is $off is named as the cause, in seconds', async ({ validFrom, until, message }) => {
    const now = 1_700_000_000
    const key = authority(edition)
    const { port } = await server(edition, key.identityValid(now + validFrom, now + until))
    const { failed } = dialled({ edition, port, authorityKey: key.publicKey })
    const { reason } = await failed.first()
    expect(reason).toContain(message)
    expect(reason).toContain('tolerance 600 s')
  })

  test('a clock that is off by less than the tolerance does no harm', async () => {
    const now = 1_700_000_000
    const key = authority(edition)
    const { port } = await server(edition, key.identityValid(now + 599, now + 7200))
    const { adopted } = dialled({ edition, port, authorityKey: key.publicKey })
    await adopted.first()
  })
})

test('a draft server of 2022 is met with the prelude where that is asked for', async () => {
  const { identity, publicKey } = authority('draft')
  const { port, handshakes } = await server('draft', identity())
  const { adopted } = dialled({ port, edition: 'draft', authorityKey: publicKey, prelude: true })
  expect(await handshakes.first()).toBe('draft')
  await adopted.first()
  const plain = createServer()
  cleanUp.push(() => plain.close())
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  dialled({ port: portOf(plain.address()), edition: 'draft', authorityKey: publicKey, prelude: true })
  const [socket] = (await once(plain, 'connection')) as [Socket]
  cleanUp.push(() => socket.destroy())
  const [first] = (await once(socket, 'data')) as [Buffer]
  expect(first.subarray(2, 6).toString()).toBe('STR3')
})

test('a draft server of 2022 is understood where it has the bit of channel messages at the other end', async () => {
  const { identity, publicKey } = authority('draft')
  const responder = createResponder(
    { edition: 'draft', identity: identity(), prelude: ['ChaChaPoly'] },
    systemNoise,
  )
  // SetTarget of channel 1
  const setTarget = encodeFrame(
    { extensionType: 1, channelMsg: false, msgType: 0x21 },
    Uint8Array.from([1, 0, 0, 0, ...new Uint8Array(32).fill(7)]),
  )
  const ready = new Signal<() => void>()
  const pool = createServer((socket) => {
    cleanUp.push(() => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      const { reply, done } = responder.receive(chunk, aClock().unixSeconds())
      if (reply !== undefined) socket.write(reply)
      if (done !== undefined) ready.give(() => socket.write(done.transport.seal([setTarget])))
    })
  })
  cleanUp.push(() => pool.close())
  pool.listen(0, '127.0.0.1')
  await once(pool, 'listening')
  const { adopted } = dialled({
    port: portOf(pool.address()),
    edition: 'draft',
    authorityKey: publicKey,
    prelude: true,
  })
  const { how, socket } = await adopted.first()
  const tell = await ready.first()
  const message = await new Promise((taken) => {
    socket.on('data', (chunk: Buffer) => {
      const { done, value } = how.wire.read(chunk, () => undefined).next()
      if (done !== true) taken(value)
    })
    tell()
  })
  expect(message).toMatchObject({ type: 'SetTarget', channelId: 1 })
})
