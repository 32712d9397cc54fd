import { once } from 'node:events'
import { connect } from 'node:net'
import { encodeFrame } from '@sv2/codec'
import { createInitiator, plainTransport, type Transport } from '@sv2/noise'
import { afterEach, describe, expect, test } from 'vitest'
import { anIdentity, doorWith, ScriptedRole, Signal, type TestEffect, type TestEvent } from './_fixtures.ts'
import { systemClock } from './clock.ts'
import { EDITIONS } from './editions.ts'
import { Engine } from './engine.ts'
import { HeldBytes } from './held-bytes.ts'
import { type DoorSettings, listen } from './listen.ts'
import { systemNoise } from './system-noise.ts'

const EDITION_NAMES = ['current', 'draft'] as const
const keys = { current: anIdentity('current'), draft: anIdentity('draft') }
const V1 = { only: false, maxLineBytes: 16_384, maxQueuedBytes: 1_000_000 }
const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":[]}\n'
const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const close of cleanUp.splice(0)) close()
})

/** A door with an engine behind it, whose role answers a setup, and calls one share of each channel id 1 good. */
async function door(over: Partial<DoorSettings> = {}, held = new HeldBytes(1e9)) {
  const role = new ScriptedRole()
  const closed = new Signal<string>()
  const refused = new Signal<string>()
  const heard = new Signal<string>()
  role.react = (event) => {
    if (event.kind !== 'message') return []
    const { session, message } = event
    heard.give(message.type)
    if (message.type === 'SetupConnection')
      return [
        { kind: 'send', to: session, message: { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 } },
      ]
    const working = message.type === 'CloseChannel' || (message.type as string) === 'mining.submit'
    return working ? [{ kind: 'shareAccepted', session } as unknown as TestEffect] : []
  }
  const engine = new Engine<TestEvent, TestEffect>(role, {
    clock: systemClock,
    observer: { onEffect: () => undefined, onSessionClosed: (_, reason) => closed.give(reason) },
    held,
  })
  const { port, close } = await listen(doorWith(over), engine, {
    port: { kind: 'test' },
    noise: systemNoise,
    clock: systemClock,
    identities: { current: keys.current.identity, draft: keys.draft.identity },
    onRefused: (_, reason) => refused.give(reason),
  })
  cleanUp.push(() => {
    close()
    engine.stop('end of the test')
  })
  return { port, role, engine, closed, refused, heard }
}

async function knock(port: number, first = '') {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  cleanUp.push(() => socket.destroy())
  const gone = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => socket.destroy())
  socket.resume()
  await once(socket, 'connect')
  if (first !== '') socket.write(first)
  return { socket, gone }
}

/** A V2 client that has done its handshake, if there is one. */
async function client(port: number, edition: (typeof EDITION_NAMES)[number], noise = true) {
  const { socket, gone } = await knock(port)
  const speller = EDITIONS[edition].connection({ side: 'client', protocol: 'mining' })
  const transport = await new Promise<Transport>((resolve) => {
    if (!noise) return resolve(plainTransport())
    const initiator = createInitiator({ edition, authorityKey: keys[edition].authorityKey }, systemNoise)
    socket.on('data', (chunk: Buffer) => {
      const { done } = initiator.receive(chunk, systemClock.unixSeconds())
      if (done === undefined) return
      socket.removeAllListeners('data')
      socket.resume()
      resolve(done.transport)
    })
    socket.write(initiator.start())
  })
  const write = (frame: Uint8Array) => socket.write(transport.seal([frame]))
  const setUp = () =>
    write(
      speller.encode({
        type: 'SetupConnection',
        protocol: 0,
        minVersion: 2,
        maxVersion: 2,
        flags: 0,
        endpointHost: 'h'.repeat(255),
        endpointPort: 1,
        vendor: 'v'.repeat(255),
        hardwareVersion: 'w'.repeat(255),
        firmware: 'f'.repeat(255),
        deviceId: 'd'.repeat(255),
      }),
    )
  /** What the role of these tests calls an accepted share. */
  const work = () => write(speller.encode({ type: 'CloseChannel', channelId: 1, reasonCode: '' }))
  return { socket, gone, write, setUp, work }
}

describe('before a client is set up', () => {
  test.each(
    EDITION_NAMES.flatMap((edition) => [
      { edition, noise: true },
      { edition, noise: false },
    ]),
  )(
    'a frame of five megabytes ends edition $edition, noise $noise, at its first bytes',
    async ({ edition, noise }) => {
      const { port, closed } = await door({ edition, noise, maxPayloadBytes: 16e6 })
      const { write, gone } = await client(port, edition, noise)
      write(
        encodeFrame({ extensionType: 0, channelMsg: false, msgType: 0 }, new Uint8Array(5e6)).subarray(
          0,
          5e6 + 6,
        ),
      )
      await gone
      expect(closed.seen).toEqual([expect.stringMatching(/^frame-too-l(ong|arge): /)])
    },
  )

  test.each(EDITION_NAMES)(
    'the longest SetupConnection of edition %s is taken, and longer frames behind it',
    async (edition) => {
      const { port, heard } = await door({ edition, maxPayloadBytes: 100_000 })
      const { setUp, write } = await client(port, edition)
      setUp()
      await heard.first((type) => type === 'SetupConnection')
      write(encodeFrame({ extensionType: 0x1234, channelMsg: false, msgType: 0x77 }, new Uint8Array(50_000)))
      await heard.first((type) => type === 'Opaque')
    },
  )

  test('whoever does the handshake and then says nothing is closed', async () => {
    const { port, closed } = await door({ handshakeTimeoutMs: 200 })
    const { gone } = await client(port, 'current')
    await gone
    expect(closed.seen).toEqual(['no setup in time'])
  })

  test('a V1 miner that does not say who it is is closed', async () => {
    const { port, closed } = await door({ edition: 'auto', v1: V1, handshakeTimeoutMs: 200 })
    const { gone } = await knock(port, '{"id":1,"method":"mining.configure","params":[[],{}]}\n')
    await gone
    expect(closed.seen).toEqual(['no setup in time'])
  })
})

test('whoever has said who it is may be silent as long as the role lets it', async () => {
  const { port, closed, heard } = await door({ edition: 'auto', v1: V1, handshakeTimeoutMs: 300 })
  const { setUp } = await client(port, 'current')
  setUp()
  await knock(port, SUBSCRIBE)
  await heard.count(2)
  const silent = await knock(port)
  await silent.gone
  expect(closed.seen).toEqual([])
})

describe('a full door', () => {
  test.each([
    { what: 'in the handshake', come: async (port: number) => knock(port) },
    { what: 'with a handshake alone', come: async (port: number) => client(port, 'current') },
    { what: 'of V1', come: async (port: number) => knock(port, SUBSCRIBE) },
  ])('is left by who is silent $what, oldest first, and not by who works', async ({ come }) => {
    const { port, refused, closed, heard } = await door({ edition: 'auto', v1: V1, maxConnections: 4 })
    const v2 = await client(port, 'current')
    v2.setUp()
    v2.work()
    const v1 = await knock(
      port,
      `${SUBSCRIBE}{"id":2,"method":"mining.submit","params":["u","1","00","00","00"]}\n`,
    )
    await heard.count(4)
    const [first, second] = [await come(port), await come(port)]
    const third = await come(port)
    await first.gone
    expect([...refused.seen, ...closed.seen]).toEqual(['made room for another connection'])
    expect([v2, v1, second, third].map(({ socket }) => socket.destroyed)).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  test('of workers is full', async () => {
    const { port, refused, heard } = await door({ maxConnections: 1 })
    const { setUp, work } = await client(port, 'current')
    setUp()
    work()
    await heard.count(2)
    await (await knock(port)).gone
    expect(refused.seen).toEqual(['the door is full'])
  })
})

describe('what a process keeps for its peers', () => {
  test('is limited in all: of those who do not read, the one that waits for most goes first', async () => {
    const { port, role, engine, closed, heard } = await door(
      { maxQueuedBytes: 1e9, noise: false },
      new HeldBytes(60e6),
    )
    const message = {
      type: 'Opaque',
      extensionType: 0x1234,
      channelMsg: false,
      msgType: 1,
      payload: new Uint8Array(1e6),
    }
    const slow = [await client(port, 'current', false), await client(port, 'current', false)]
    for (const { socket, setUp } of slow) {
      socket.pause()
      setUp()
    }
    await heard.count(2)
    role.react = (event) =>
      event.kind === 'own'
        ? [{ kind: 'send', to: event.name === 'all' ? [1, 2] : 2, message: message as never }]
        : []
    for (let n = 0; n < 20; n++) engine.tell({ kind: 'own', name: 'all' })
    expect(closed.seen).toEqual([])
    for (let n = 0; n < 30; n++) engine.tell({ kind: 'own', name: 'the second' })
    expect(closed.seen).toEqual([expect.stringMatching(/^made us keep \d+ bytes, the most of all/)])
    expect(engine.info(1)).toBeDefined()
  })

  test('counts messages that do not become whole', async () => {
    const { port, closed, heard } = await door({ maxPayloadBytes: 16e6, noise: false }, new HeldBytes(10e6))
    for (let n = 0; n < 4; n++) {
      const { setUp, socket } = await client(port, 'current', false)
      setUp()
      await heard.count(n + 1)
      socket.write(
        encodeFrame({ extensionType: 0x1234, channelMsg: false, msgType: 1 }, new Uint8Array(5e6)).subarray(
          0,
          -20,
        ),
      )
    }
    expect(await closed.first()).toMatch(/^made us keep \d+ bytes/)
  })
})
