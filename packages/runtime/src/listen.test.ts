import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encodeFrame } from '@sv2/codec'
import { createInitiator } from '@sv2/noise'
import { afterEach, describe, expect, test } from 'vitest'
import { anIdentity, doorWith, Signal } from './_fixtures.ts'
import { systemClock } from './clock.ts'
import type { EditionName } from './editions.ts'
import type { Engine } from './engine.ts'
import { type DoorSettings, listen } from './listen.ts'
import { MISDIRECTED, ofOtherEdition } from './misdirected.ts'
import { systemNoise } from './system-noise.ts'

type Adopted = Parameters<Engine<never, never>['adopt']>

const keys = { current: anIdentity('current'), draft: anIdentity('draft') }
const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const close of cleanUp.splice(0)) close()
})

/** A door, and what comes of those who knock. */
async function door(over: Partial<DoorSettings> = {}, onHandshake?: () => void) {
  const adopted = new Signal<{
    readonly edition: string
    readonly how: Adopted[1]
    readonly socket: Socket
  }>()
  const refused = new Signal<string>()
  const opened = await listen(
    doorWith(over),
    {
      adopt(socket, how) {
        socket.on('error', () => socket.destroy())
        adopted.give({ edition: how.wire.edition, how, socket })
        return { abort: () => socket.destroy() } as never
      },
    },
    {
      port: { kind: 'test' },
      noise: systemNoise,
      clock: systemClock,
      identities: { current: keys.current.identity, draft: keys.draft.identity },
      onRefused: (_, reason) => refused.give(reason),
      ...(onHandshake === undefined ? {} : { onHandshake }),
    },
  )
  cleanUp.push(() => {
    opened.close()
    for (const { socket } of adopted.seen) socket.destroy()
  })
  return { ...opened, adopted, refused }
}

/** A connected socket that keeps silent. */
async function knock(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  cleanUp.push(() => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.resume()
  await once(socket, 'connect')
  return socket
}

function firstFlight(edition: EditionName): Uint8Array {
  return createInitiator({ edition, authorityKey: keys[edition].authorityKey }, systemNoise).start()
}

/** The frame a plaintext client starts with. */
const PLAIN_SETUP = encodeFrame(
  { extensionType: 0, channelMsg: false, msgType: 0 },
  Uint8Array.of(0, 2, 0, 2, 0, 0, 0, 0, 0, 1, 0x61, 0, 0, 1, 0x61, 1, 0x61, 1, 0x61, 0),
)

describe('a door', () => {
  test('lets nobody in who starts with something else than a handshake', async () => {
    const { port, adopted, refused } = await door({ edition: 'draft' })
    const guest = await knock(port)
    guest.write(Uint8Array.of(0x20, 0, ...new Uint8Array(32)))
    await once(guest, 'close')
    expect(refused.seen).toEqual([expect.stringMatching(/^handshake failed: /)])
    expect(adopted.seen).toEqual([])
  })

  const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":[]}\n'
  const HTTP = 'GET / HTTP/1.1\r\n\r\n'
  const TLS = Uint8Array.of(0x16, 3, 1, 0, 0xa5, 1, 0, 0)
  test.each<{
    readonly over: Partial<DoorSettings>
    readonly first: () => string | Uint8Array
    readonly said: string
  }>([
    ...(['current', 'draft'] as const).flatMap((edition) =>
      [true, false].flatMap((noise) => [
        { over: { edition, noise }, first: () => SUBSCRIBE, said: MISDIRECTED.v1 },
        { over: { edition, noise }, first: () => HTTP, said: MISDIRECTED.http },
        { over: { edition, noise }, first: () => TLS, said: MISDIRECTED.tls },
      ]),
    ),
    { over: { edition: 'current' }, first: () => PLAIN_SETUP, said: MISDIRECTED.plaintext },
    { over: { edition: 'draft' }, first: () => PLAIN_SETUP, said: MISDIRECTED.plaintext },
    { over: { edition: 'current' }, first: () => firstFlight('draft'), said: ofOtherEdition('draft') },
    { over: { edition: 'draft' }, first: () => firstFlight('current'), said: ofOtherEdition('current') },
    { over: { noise: false }, first: () => firstFlight('current'), said: MISDIRECTED.encrypted },
    {
      over: { noise: false, edition: 'draft' },
      first: () => firstFlight('draft'),
      said: MISDIRECTED.encrypted,
    },
  ])('says what came, and where to point it: $said ($over)', async ({ over, first, said }) => {
    const { port, refused, adopted } = await door(over)
    const guest = await knock(port)
    guest.write(first())
    await once(guest, 'close')
    expect(refused.seen).toEqual([said])
    expect(adopted.seen).toEqual([])
  })

  test.each(['current', 'draft'] as const)(
    'in plaintext takes a first frame of edition %s, whatever is in it',
    async (edition) => {
      const { port, adopted } = await door({ edition, noise: false })
      const odd = Uint8Array.from(PLAIN_SETUP)
      odd[7] = 9
      ;(await knock(port)).write(odd)
      expect(await adopted.first()).toMatchObject({ edition })
    },
  )

  test('hands over who has done the handshake', async () => {
    const { port, adopted } = await door()
    const guest = await knock(port)
    guest.write(firstFlight('current'))
    const { how } = await adopted.first()
    expect(how).toMatchObject({ port: { kind: 'test' }, wire: { edition: 'current' } })
  })

  test('closes on who says nothing until the deadline (pool_does_not_hang_on_no_handshake)', async () => {
    const { port, refused } = await door({ handshakeTimeoutMs: 20 })
    const guest = await knock(port)
    await once(guest, 'close')
    expect(refused.seen).toEqual(['no handshake in time'])
  })

  test('closes on half a handshake, however slowly it trickles (pool_does_not_hang_on_no_handshake)', async () => {
    const { port, refused } = await door({ handshakeTimeoutMs: 60 })
    const guest = await knock(port)
    guest.write(firstFlight('current').subarray(0, 63))
    await once(guest, 'close')
    expect(refused.seen).toEqual(['no handshake in time'])
  })

  test('notes who leaves in the middle of telling its edition', async () => {
    const { port, refused } = await door({ edition: 'auto' })
    const guest = await knock(port)
    guest.end(Uint8Array.of(1))
    expect(await refused.first()).toBe('left during the handshake')
  })

  test('takes handshakes up to its limit, and says why not more', async () => {
    const { port, adopted, refused } = await door({ maxHandshakes: 1 })
    const guests = await Promise.all(Array.from({ length: 20 }, () => knock(port)))
    // A door takes in one connection per turn of the loop; all have to be inside when the first speaks.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    for (const guest of guests) guest.write(firstFlight('current'))
    await adopted.first()
    expect(await refused.first()).toBe('too many handshakes in flight')
    expect(adopted.seen.length).toBeLessThan(20)
  })

  test('does a few handshakes a turn, so that others get theirs', async () => {
    let turn = 0
    const turns: number[] = []
    const count = setInterval(() => turn++, 0)
    cleanUp.push(() => clearInterval(count))
    const { port, adopted } = await door({}, () => {
      turns.push(turn)
      const until = performance.now() + 4
      while (performance.now() < until);
    })
    const guests = await Promise.all(Array.from({ length: 12 }, () => knock(port)))
    for (const guest of guests) guest.write(firstFlight('current'))
    await adopted.count(12)
    expect(new Set(turns).size).toBeGreaterThanOrEqual(4)
  })

  test('gives a place back when its session has ended', async () => {
    const { port, adopted, refused } = await door({ maxConnectionsPerIp: 1 })
    const first = await knock(port)
    first.write(firstFlight('current'))
    const { how } = await adopted.first()
    await once(await knock(port), 'close')
    expect(refused.seen).toEqual(['too many connections'])
    how.onGone?.()
    const third = await knock(port)
    third.write(firstFlight('current'))
    await adopted.count(2)
  })

  test('gives a place back when the handshake failed', async () => {
    const { port, adopted } = await door({ maxConnectionsPerIp: 1, handshakeTimeoutMs: 20 })
    await once(await knock(port), 'close')
    const second = await knock(port)
    second.write(firstFlight('current'))
    await adopted.first()
  })

  test('takes so many connections in all', async () => {
    const { port, refused } = await door({ maxConnections: 2 })
    const first = await knock(port)
    await knock(port)
    await knock(port)
    await once(first, 'close')
    expect(refused.seen).toEqual(['made room for another connection'])
  })

  test('that closes sends away who is still at it', async () => {
    const opened = await door()
    const guest = await knock(opened.port)
    guest.write(firstFlight('current').subarray(0, 10))
    const second = await knock(opened.port)
    second.write(firstFlight('current'))
    await opened.adopted.first()
    opened.close()
    await once(guest, 'close')
    expect(opened.refused.seen).toEqual(['shutting down'])
    await expect(knock(opened.port)).rejects.toThrow(/ECONNREFUSED/)
  })

  test('on a taken port is an error that names it', async () => {
    const { port } = await door()
    await expect(door({ port })).rejects.toThrow(String(port))
  })
})

describe('a door for both editions', () => {
  test.each(['current', 'draft'] as const)(
    'knows a client of edition %s by its first flight',
    async (edition) => {
      const { port, adopted } = await door({ edition: 'auto' })
      const guest = await knock(port)
      guest.write(firstFlight(edition))
      expect((await adopted.first()).edition).toBe(edition)
    },
  )

  test('waits for the rest of a first flight that comes byte by byte', async () => {
    const { port, adopted } = await door({ edition: 'auto' })
    const guest = await knock(port)
    guest.setNoDelay(true)
    for (const byte of firstFlight('current')) {
      await new Promise<void>((resolve) => guest.write(Uint8Array.of(byte), () => resolve()))
    }
    expect((await adopted.first()).edition).toBe('current')
  })

  test('tells a Stratum V1 miner where to go', async () => {
    const { port, refused } = await door({ edition: 'auto' })
    const guest = await knock(port)
    guest.write('{"id":1,"method":"mining.subscribe","params":[]}\n')
    await once(guest, 'close')
    expect(refused.seen).toEqual([MISDIRECTED.v1])
  })

  test('refuses plaintext unless it was told an edition for it', async () => {
    const strict = await door({ edition: 'auto' })
    const guest = await knock(strict.port)
    guest.write(PLAIN_SETUP)
    await once(guest, 'close')
    expect(strict.refused.seen).toEqual([MISDIRECTED.plaintext])

    const open = await door({ edition: 'auto', plaintextEdition: 'draft' })
    const welcome = await knock(open.port)
    welcome.write(PLAIN_SETUP)
    const { edition, how } = await open.adopted.first()
    expect(edition).toBe('draft')
    expect(Uint8Array.from(how.rest)).toEqual(PLAIN_SETUP)
  })

  test('without noise refuses who wants it', async () => {
    const { port, refused } = await door({ edition: 'auto', noise: false })
    const guest = await knock(port)
    guest.write(firstFlight('current'))
    await once(guest, 'close')
    expect(refused.seen).toEqual([MISDIRECTED.encrypted])
  })
})

describe('a door of the draft edition speaks to its clients as what they seem to be', () => {
  const root = new Uint8Array(32)
  const JOB = {
    type: 'NewMiningJob',
    channelId: 1,
    jobId: 1,
    minNtime: undefined,
    version: 1,
    merkleRoot: root,
  }
  const ACKNOWLEDGED = {
    type: 'SubmitShares.Success',
    channelId: 1,
    lastSequenceNumber: 1,
    newSubmitsAcceptedCount: 1,
    newSharesSum: 1n,
  }
  const NOT_OF_2020 = { job: 45, acknowledged: 20, takesGroupJobs: true }
  const OF_2020 = { job: 45, acknowledged: 16, takesGroupJobs: false }
  const OF_2022 = { job: 46, acknowledged: 20, takesGroupJobs: true }

  async function shakeHands(port: number, prelude: boolean): Promise<void> {
    const { authorityKey } = keys.draft
    const offers = prelude ? { prelude: ['ChaChaPoly' as const] } : {}
    const initiator = createInitiator({ edition: 'draft', authorityKey, ...offers }, systemNoise)
    const socket = await knock(port)
    socket.on('data', (chunk: Buffer) => {
      const { reply, done } = initiator.receive(chunk, systemClock.unixSeconds())
      if (reply !== undefined) socket.write(reply)
      if (done !== undefined) socket.write(done.transport.seal([PLAIN_SETUP]))
    })
    socket.write(initiator.start())
  }

  test.each([
    ['auto', 'plainly', NOT_OF_2020],
    ['auto', 'with the prelude', OF_2022],
    ['seeds', 'plainly', NOT_OF_2020],
    ['seeds', 'with the prelude', NOT_OF_2020],
    ['deployed', 'plainly', OF_2020],
    ['deployed', 'with the prelude', OF_2022],
    ['auto', 'in plaintext', NOT_OF_2020],
    ['deployed', 'in plaintext', OF_2020],
  ] as const)('certificates %s, a client that begins %s', async (draftCertificate, begins, expected) => {
    const isPlain = begins === 'in plaintext'
    const { port, adopted } = await door({ edition: 'draft', draftCertificate, noise: !isPlain })
    if (isPlain) (await knock(port)).write(PLAIN_SETUP)
    else await shakeHands(port, begins === 'with the prelude')
    const { how, socket } = await adopted.first()
    const { wire, rest } = how
    await new Promise<void>((setUp) => {
      const read = (chunk: Uint8Array): void => {
        if (wire.read(chunk, () => undefined).next().done !== true) setUp()
      }
      socket.on('data', read)
      read(rest)
    })
    const pieces: Uint8Array[] = []
    for (const message of [JOB, ACKNOWLEDGED]) wire.encode(message, pieces)
    const [job, acknowledged] = pieces.map(({ length }) => length - 6)
    const { takesGroupJobs } = wire.capabilities
    expect({ job, acknowledged, takesGroupJobs }).toEqual(expected)
  })
})
