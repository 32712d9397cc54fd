import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { portName } from '@sv2/roles/ground'
import { systemNoise, type UpstreamSettings } from '@sv2/runtime'
import { aClock, portOf, Signal } from '@sv2/runtime/testing/fixtures'
import { afterEach, expect, test } from 'vitest'
import { byPlace, dialUpstreams } from './dial-upstreams.ts'

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const close of cleanUp.splice(0)) close()
})

async function aServer(): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    sockets.push(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return portOf(server.address())
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server.address())
  await new Promise((resolve) => server.close(resolve))
  return port
}

function dialers(...ports: readonly number[]) {
  const opened = new Signal<{ readonly port: string; readonly to: number | undefined }>()
  const told = new Signal<number>()
  const upstreams = ports.map(
    (port): UpstreamSettings => ({
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
    }),
  )
  const sockets: Socket[] = []
  const all = dialUpstreams(
    byPlace(upstreams),
    {
      adopt(socket, how) {
        sockets.push(socket)
        socket.on('error', () => socket.destroy())
        socket.on('close', () => how.onGone?.())
        socket.resume()
        opened.give({ port: portName(how.port), to: socket.remotePort })
        return undefined as never
      },
      tell: ({ upstream }) => told.give(upstream),
    },
    { noise: systemNoise, clock: aClock(), random: () => 0 },
  )
  cleanUp.push(() => {
    all.close()
    for (const socket of sockets) socket.destroy()
  })
  return { all, opened, told, sockets }
}

test('only upstreams that are wanted are dialed, and their sessions bear their place', async () => {
  const [first, second] = [await aServer(), await aServer()]
  const { all, opened } = dialers(first, second)
  all.perform({ kind: 'dial', upstream: 1 })
  all.perform({ kind: 'dial', upstream: 1 })
  expect(await opened.first()).toEqual({ port: 'upstream 1', to: second })
  all.perform({ kind: 'dial', upstream: 0 })
  await opened.first(({ port }) => port === 'upstream 0')
  expect(opened.seen).toHaveLength(2)
})

test('failed attempts are told, and go on', async () => {
  const { all, told } = dialers(await aServer(), await closedPort())
  all.perform({ kind: 'dial', upstream: 1 })
  await told.count(2)
  expect(told.seen).toEqual([1, 1])
})

test('an upstream that is let go is dialed no more, and nothing is told of it', async () => {
  const { all, opened, told, sockets } = dialers(await aServer())
  all.perform({ kind: 'dial', upstream: 0 })
  await opened.first()
  all.perform({ kind: 'hangUp', upstream: 0 })
  sockets[0]!.destroy()
  await once(sockets[0]!, 'close')
  // a new one is another dialer
  all.perform({ kind: 'dial', upstream: 0 })
  await opened.count(2)
  expect(told.seen).toEqual([])
})

test('an upstream that names another address is found there', async () => {
  const [first, second] = [await aServer(), await aServer()]
  const { all, opened, sockets } = dialers(first)
  all.perform({ kind: 'dial', upstream: 0 })
  await opened.first()
  all.perform({ kind: 'redial', upstream: 0, host: '', port: second })
  sockets[0]!.destroy()
  expect(await opened.first(({ to }) => to === second)).toMatchObject({ port: 'upstream 0' })
})

test('an upstream that is not in the list is our fault', () => {
  expect(() => dialers().all.perform({ kind: 'dial', upstream: 0 })).toThrow(RangeError)
})
