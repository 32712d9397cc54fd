import type { Message } from '@sv2/messages'
import { expect, test } from 'vitest'
import { Connection } from './connection.ts'
import { MAX_PER_CONNECTION, WaitingRequests } from './waiting-requests.ts'

const capabilities = { versionRollingMask: 0 } as ConstructorParameters<typeof Connection>[1]['capabilities']

function aConnection(session: number): Connection {
  return new Connection(session, { capabilities, address: undefined, now: 0 })
}

function aRequest(requestId: number): Message {
  return { type: 'RequestExtensions', requestId, requestedExtensions: [] }
}

test('requests of a client that leaves while it waits are counted no longer', () => {
  const waiting = new WaitingRequests()
  const [leaving, staying] = [aConnection(1), aConnection(2)]
  for (let id = 0; id < 3; id++) waiting.keep(leaving, aRequest(id))
  waiting.keep(staying, aRequest(9))
  waiting.forget(leaving)
  expect([waiting.size, waiting.of(leaving), waiting.of(staying)]).toEqual([1, 0, 1])
  waiting.forget(leaving)
  expect(waiting.size).toBe(1)
})

test('so many requests of one connection wait, and no more', () => {
  const waiting = new WaitingRequests()
  const [greedy, other] = [aConnection(1), aConnection(2)]
  for (let id = 0; id < MAX_PER_CONNECTION; id++) expect(waiting.keep(greedy, aRequest(id))).toBe(true)
  expect(waiting.keep(greedy, aRequest(0))).toBe(false)
  expect(waiting.keep(other, aRequest(0))).toBe(true)
  expect(waiting.size).toBe(MAX_PER_CONNECTION + 1)
})

test('requests that are taken are counted no longer, and come in the order in which they were kept', () => {
  const waiting = new WaitingRequests()
  const [first, second] = [aConnection(1), aConnection(2)]
  for (const id of [5, 6]) waiting.keep(first, aRequest(id))
  waiting.keep(second, aRequest(7))
  expect([...waiting.take(first)]).toEqual([[first, [aRequest(5), aRequest(6)]]])
  expect([waiting.size, waiting.has(first), waiting.has(second)]).toEqual([1, false, true])
  expect([...waiting.take()]).toEqual([[second, [aRequest(7)]]])
  expect([waiting.size, waiting.has(second)]).toEqual([0, false])
  expect([...waiting.take(first)]).toEqual([])
})
