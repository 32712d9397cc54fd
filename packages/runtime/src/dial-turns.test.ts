import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { aClock, portOf, ScriptedRole, Signal, type TestEffect, type TestEvent } from './_fixtures.ts'
import { dial } from './dial.ts'
import { EDITIONS } from './editions.ts'
import { Engine } from './engine.ts'
import { systemNoise } from './system-noise.ts'

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const close of cleanUp.splice(0)) close()
})

/** The port of an upstream that says all these messages as soon as it is called. */
async function anUpstream(messages: readonly Uint8Array[]): Promise<number> {
  const server = createServer((socket: Socket) => {
    cleanUp.push(() => socket.destroy())
    socket.write(Buffer.concat(messages))
  })
  server.listen(0, '127.0.0.1')
  cleanUp.push(() => void server.close())
  await once(server, 'listening')
  return portOf(server.address())
}

test('what an upstream says at once is taken whole, however long that takes: it may be the answers of thousands of miners', async () => {
  const channelIds = Array.from({ length: 100 }, (_, at) => at + 1)
  const speller = EDITIONS.current.connection({ side: 'server', protocol: 'mining' })
  const port = await anUpstream(
    channelIds.map((channelId) => speller.encode({ type: 'CloseChannel', channelId, reasonCode: '' })),
  )
  const role = new ScriptedRole()
  const clock = aClock()
  const heard = new Signal<number | 'others'>()
  role.react = (event) => {
    if (event.kind !== 'message' || event.message.type !== 'CloseChannel') return []
    if (heard.seen.length === 0) setImmediate(() => heard.give('others'))
    heard.give(event.message.channelId)
    clock.ms += 1
    return []
  }
  const engine = new Engine<TestEvent, TestEffect>(role, {
    clock,
    observer: { onEffect: () => undefined, onSessionClosed: () => undefined },
  })
  cleanUp.push(() => engine.stop('end of the test'))
  const dialer = dial(
    {
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
    },
    engine,
    { port: { kind: 'upstream' }, noise: systemNoise, clock, random: () => 1, onFailed: () => undefined },
  )
  cleanUp.push(() => dialer.close())
  await heard.first((each) => each === 'others')
  expect(heard.seen).toEqual([...channelIds, 'others'])
})
