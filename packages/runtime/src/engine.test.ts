import { once } from 'node:events'
import type { Socket } from 'node:net'
import { FrameSplitter } from '@sv2/codec'
import type { Message } from '@sv2/messages'
import { plainTransport } from '@sv2/noise'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { aClock, ScriptedRole, Signal, socketPair, type TestEffect, type TestEvent } from './_fixtures.ts'
import { EDITIONS } from './editions.ts'
import { Engine } from './engine.ts'
import { Sv2Wire } from './sv2-wire.ts'

const SETUP: Message = {
  type: 'SetupConnection',
  protocol: 0,
  minVersion: 2,
  maxVersion: 2,
  flags: 0,
  endpointHost: 'h',
  endpointPort: 1,
  vendor: '',
  hardwareVersion: '',
  firmware: '',
  deviceId: '',
}
const OPENED: Message = { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 }
const refusal = (requestId: number): Message => ({
  type: 'OpenMiningChannel.Error',
  requestId,
  errorCode: 'unknown-user',
})
/** A job that knows how often its field was read. */
function jobThatCounts(): { readonly message: Message; reads(): number } {
  let reads = 0
  const message: Message = {
    type: 'NewMiningJob',
    channelId: 1,
    get jobId() {
      reads++
      return 5
    },
    minNtime: undefined,
    version: 0x2000_0000,
    merkleRoot: new Uint8Array(32),
  }
  return { message, reads: () => reads }
}
const request = (channelId: number): Message => ({ type: 'CloseChannel', channelId, reasonCode: '' })

const cleanUp: (() => void)[] = []
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => {
  for (const close of cleanUp.splice(0)) close()
  vi.useRealTimers()
})

/** An engine with a role that does what a test says. */
function anEngine() {
  const role = new ScriptedRole()
  const clock = aClock()
  const facts: string[] = []
  const closed = new Signal<string>()
  const engine = new Engine<TestEvent, TestEffect>(role, {
    clock,
    observer: {
      onEffect: (effect) => facts.push(effect.text),
      onSessionClosed: (_, reason) => closed.give(reason),
    },
  })
  cleanUp.push(() => engine.stop('end of the test'))
  return { engine, role, clock, facts, closed }
}

/** A plaintext client of the engine, set up for mining. */
async function client(
  engine: Engine<TestEvent, TestEffect>,
  limits = { maxPayloadBytes: 1000, maxQueuedBytes: 1e6 },
) {
  const { near, far, close } = await socketPair()
  cleanUp.push(close)
  const speller = EDITIONS.current.connection({ side: 'client', protocol: 'mining' })
  const splitter = new FrameSplitter()
  const inbox = new Signal<Message>()
  far.on('data', (chunk: Buffer) => {
    for (const frame of splitter.push(Uint8Array.from(chunk))) inbox.give(speller.decode(frame))
  })
  const onGone = vi.fn<() => void>()
  const session = engine.adopt(near, {
    port: { kind: 'miners' },
    wire: new Sv2Wire({
      edition: EDITIONS.current,
      transport: plainTransport(),
      side: 'server',
      protocol: undefined,
      maxPayloadBytes: limits.maxPayloadBytes,
    }),
    maxQueuedBytes: limits.maxQueuedBytes,
    rest: speller.encode(SETUP),
    onGone,
  })
  const say = (...messages: readonly Message[]): void => {
    far.write(Buffer.concat(messages.map((message) => speller.encode(message))))
  }
  return { id: session.id, session, near, far, inbox, say, onGone }
}

function writesOf(socket: Socket) {
  return vi.spyOn(socket, 'write')
}

describe('sessions', () => {
  test('are opened, heard and closed in the words of the role', async () => {
    const { engine, role, closed } = anEngine()
    const { far, say, id, onGone } = await client(engine)
    say(request(7))
    far.end()
    await closed.first()
    expect(role.events).toMatchObject([
      { kind: 'opened', session: id, port: { kind: 'miners' }, capabilities: { extensions: true } },
      { kind: 'message', session: id, message: { type: 'SetupConnection' } },
      { kind: 'message', session: id, message: { type: 'CloseChannel', channelId: 7 } },
      { kind: 'closed', session: id },
    ])
    expect(onGone).toHaveBeenCalledTimes(1)
    expect(engine.sessionCount).toBe(0)
  })

  test('have turns of a few milliseconds: others are heard before the last message of a long chunk', async () => {
    const { engine, role, clock, closed } = anEngine()
    const [one, other] = [await client(engine), await client(engine)]
    const heard: number[] = []
    role.react = (event) => {
      if (event.kind !== 'message' || event.message.type !== 'CloseChannel') return []
      const { channelId = 0 } = event.message
      if (channelId === 1) other.say(request(1_000))
      heard.push(channelId)
      clock.ms += 1
      return []
    }
    const many = Array.from({ length: 100 }, (_, at) => at + 1)
    one.say(...many.map(request))
    one.far.end()
    await closed.first()
    // nothing is lost by the end of the connection, and nothing changes places
    expect(heard.filter((channelId) => channelId !== 1_000)).toEqual(many)
    expect(heard.indexOf(1_000)).toBeGreaterThan(0)
    expect(heard.indexOf(1_000)).toBeLessThan(100)
  })

  test('all replies to one chunk go out in one write', async () => {
    const { engine, role } = anEngine()
    const { near, inbox, say, id } = await client(engine)
    role.react = (event) =>
      event.kind === 'message' && event.message.type === 'CloseChannel'
        ? [{ kind: 'send', to: id, message: refusal(event.message.channelId ?? 0) }]
        : []
    const writes = writesOf(near)
    say(request(1), request(2), request(3))
    await inbox.count(3)
    expect(inbox.seen).toMatchObject([{ requestId: 1 }, { requestId: 2 }, { requestId: 3 }])
    expect(writes).toHaveBeenCalledTimes(1)
  })

  test('a job for many is encoded once, and written once to each', async () => {
    const { engine, role } = anEngine()
    const clients = [await client(engine), await client(engine), await client(engine)]
    const counted = jobThatCounts()
    const alone = jobThatCounts()
    EDITIONS.current.connection({ side: 'server', protocol: 'mining' }).encode(alone.message)
    role.react = (event) =>
      event.kind === 'own'
        ? [{ kind: 'send', to: clients.map(({ id }) => id), message: counted.message }]
        : []
    const writes = clients.map(({ near }) => writesOf(near))
    engine.tell({ kind: 'own', name: 'broadcast' })
    for (const { inbox } of clients) expect(await inbox.first()).toMatchObject({ jobId: 5 })
    expect(counted.reads()).toBe(alone.reads())
    for (const write of writes) expect(write).toHaveBeenCalledTimes(1)
  })

  test('what is sent to a session that is gone is dropped', async () => {
    const { engine, role } = anEngine()
    role.react = (event) => (event.kind === 'own' ? [{ kind: 'send', to: 99, message: OPENED }] : [])
    expect(() => engine.tell({ kind: 'own', name: 'late' })).not.toThrow()
  })

  test('a farewell is written before the connection ends', async () => {
    const { engine, role, closed } = anEngine()
    const { inbox, far, id } = await client(engine)
    role.react = (event) =>
      event.kind === 'own'
        ? [
            { kind: 'send', to: id, message: OPENED },
            { kind: 'close', session: id, reason: 'enough' },
          ]
        : []
    engine.tell({ kind: 'own', name: 'end' })
    await once(far, 'close')
    expect(inbox.seen).toMatchObject([OPENED])
    expect(closed.seen).toEqual(['enough'])
  })

  test('a pause asked for by the role holds the peer back, others are heard, and then it is read on', async () => {
    const { engine, role } = anEngine()
    const [slow, other] = [await client(engine), await client(engine)]
    role.react = (event) =>
      event.kind === 'own'
        ? [{ kind: 'pause', session: slow.id, ms: 5_000 }]
        : event.kind === 'message'
          ? [{ kind: 'send', to: event.session, message: OPENED }]
          : []
    engine.tell({ kind: 'own', name: 'too much' })
    slow.say(request(1))
    other.say(request(2))
    await other.inbox.count(1)
    expect(slow.near.isPaused()).toBe(true)
    expect(slow.inbox.seen).toEqual([])
    vi.advanceTimersByTime(5_000)
    await slow.inbox.count(1)
  })
})

describe('a session that goes wrong', () => {
  test('by malformed bytes ends with their error, and the others go on', async () => {
    const { engine, closed, role } = anEngine()
    const bad = await client(engine)
    const good = await client(engine)
    bad.far.write(Uint8Array.of(0, 0, 0x18, 1, 0, 0, 9))
    expect(await closed.first()).toMatch(/^truncated at channelId: /)
    good.say(request(3))
    const heard = new Signal<TestEvent>()
    role.react = (event) => {
      heard.give(event)
      return []
    }
    await heard.first((event) => event.kind === 'message' && event.session === good.id)
    expect(engine.sessionCount).toBe(1)
  })

  test('by a frame longer than it may send ends before the payload is kept', async () => {
    const { engine, closed } = anEngine()
    const { far } = await client(engine)
    far.write(Uint8Array.of(0, 0, 0x18, 0xff, 0xff, 0xff))
    expect(await closed.first()).toMatch(/^frame-too-long: message 0x18 announces/)
  })

  test.each<{ readonly what: string; readonly message: Message; readonly reason: RegExp }>([
    { what: 'does not fit its field', message: refusal(2 ** 32), reason: /^cannot be said: out-of-range/ },
    {
      what: "is the peer's to say",
      message: SETUP,
      reason: /^cannot be said: wrong-direction/,
    },
  ])('by a message that $what ends alone', async ({ message, reason }) => {
    const { engine, role, closed } = anEngine()
    const one = await client(engine)
    const two = await client(engine)
    role.react = (event) =>
      event.kind === 'own'
        ? [
            { kind: 'send', to: one.id, message },
            { kind: 'send', to: two.id, message: OPENED },
          ]
        : []
    engine.tell({ kind: 'own', name: 'send' })
    await two.inbox.first()
    expect(closed.seen).toEqual([expect.stringMatching(reason)])
    expect(engine.sessionCount).toBe(1)
  })

  test('by never reading is dropped when its queue is full, not buffered', async () => {
    const { engine, role, closed } = anEngine()
    const slow = await client(engine, { maxPayloadBytes: 1000, maxQueuedBytes: 50_000 })
    slow.far.pause()
    // What the kernel takes is no measure of ours: the socket is as full as a slow reader makes it.
    vi.spyOn(slow.near, 'writableLength', 'get').mockReturnValue(50_001)
    role.react = (event) => (event.kind === 'own' ? [{ kind: 'send', to: slow.id, message: OPENED }] : [])
    engine.tell({ kind: 'own', name: 'send' })
    expect(closed.seen).toEqual(['reads too slowly: 50001 bytes waited'])
    expect(slow.near.destroyed).toBe(true)
    expect(role.events.at(-1)).toEqual({ kind: 'closed', session: slow.id })
  })

  test('by one chunk that asks for more than may wait is dropped before all of it is answered', async () => {
    const { engine, role, closed } = anEngine()
    const greedy = await client(engine, { maxPayloadBytes: 1000, maxQueuedBytes: 200 })
    const answers = Array.from({ length: 1000 }, () => ({
      kind: 'send' as const,
      to: greedy.id,
      message: OPENED,
    }))
    role.react = (event) => (event.kind === 'own' ? answers : [])
    engine.tell({ kind: 'own', name: 'answer' })
    expect(closed.seen).toEqual([expect.stringMatching(/^asks for too much at once: 2\d\d bytes$/)])
    expect(greedy.near.bytesWritten).toBe(0)
    expect(greedy.near.destroyed).toBe(true)
  })

  test('by half of it, with answers left unread, does not keep the socket', async () => {
    const { engine, closed } = anEngine()
    const half = await client(engine)
    half.far.pause()
    half.near.write(new Uint8Array(64 * 1024 * 1024))
    half.far.end()
    await closed.first()
    expect(closed.seen).toEqual(['peer closed the connection'])
    expect(half.near.destroyed).toBe(false)
    vi.advanceTimersByTime(2_000)
    expect(half.near.destroyed).toBe(true)
  })
})

describe('turns and time', () => {
  test('events that come up while another is handled wait for their turn', () => {
    const { engine, role, facts } = anEngine()
    const order: string[] = []
    role.react = (event) => {
      if (event.kind !== 'own') return []
      order.push(`start ${event.name}`)
      return event.name === 'first' ? [{ kind: 'fact', text: 'raises' }] : []
    }
    const raising = new Engine<TestEvent, TestEffect>(role, {
      clock: aClock(),
      observer: {
        onEffect: () => {
          raising.tell({ kind: 'own', name: 'raised' })
          order.push('end first')
        },
      },
    })
    raising.tell({ kind: 'own', name: 'first' })
    expect(order).toEqual(['start first', 'end first', 'start raised'])
    expect(facts).toEqual([])
    engine.stop('end')
  })

  test('the role is woken when it asked to be, not before', () => {
    const { engine, role, clock } = anEngine()
    role.deadline = clock.ms + 5_000
    engine.tell({ kind: 'own', name: 'arm' })
    vi.advanceTimersByTime(4_999)
    expect(role.events).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(role.events.at(-1)).toEqual({ kind: 'tick' })
  })

  test('an earlier deadline replaces a later one', () => {
    const { engine, role, clock } = anEngine()
    role.deadline = clock.ms + 5_000
    engine.tell({ kind: 'own', name: 'late' })
    role.deadline = clock.ms + 100
    engine.tell({ kind: 'own', name: 'soon' })
    vi.advanceTimersByTime(100)
    expect(role.events.at(-1)).toEqual({ kind: 'tick' })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('one timer serves, however many deadlines are asked for', () => {
    const { engine, role, clock } = anEngine()
    for (let n = 100; n > 0; n--) {
      role.deadline = clock.ms + n
      engine.tell({ kind: 'own', name: 'again' })
    }
    expect(vi.getTimerCount()).toBe(1)
  })

  test('a deadline in the past is due at once, one past the longest timer is asked for again', async () => {
    const { engine, role, clock } = anEngine()
    role.deadline = clock.ms - 50
    engine.tell({ kind: 'own', name: 'past' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(role.events.at(-1)).toEqual({ kind: 'tick' })
    role.deadline = clock.ms + 2 ** 40
    engine.tell({ kind: 'own', name: 'far' })
    vi.advanceTimersByTime(1_000)
    expect(role.events.at(-1)).toEqual({ kind: 'own', name: 'far' })
  })

  test('stopping closes every connection, and is no news to the role', async () => {
    const { engine, role, clock, closed } = anEngine()
    const one = await client(engine)
    role.deadline = clock.ms + 10
    engine.tell({ kind: 'own', name: 'arm' })
    const known = role.events.length
    engine.stop('shutting down')
    expect(closed.seen).toEqual(['shutting down'])
    engine.tell({ kind: 'own', name: 'late' })
    vi.advanceTimersByTime(100)
    expect(role.events).toHaveLength(known)
    expect(one.onGone).toHaveBeenCalledTimes(1)
    await once(one.far, 'close')
  })
})
