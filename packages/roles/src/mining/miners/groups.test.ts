import { expect, test } from 'vitest'
import { aChannel, NOW } from '../channel/_fixtures.ts'
import { ExtranonceLeases } from '../channel/extranonce.ts'
import { JobBook } from '../channel/job-book.ts'
import type { Jobs } from '../channel/jobs.ts'
import { removeChannel } from './closing.ts'
import { Connection, type Group } from './connection.ts'
import { CustomJobs } from './custom-job-list.ts'
import { groupOf, join, newGroup } from './groups.ts'
import { Lanes } from './lanes.ts'
import type { Connected, Due, MinersState, Out } from './state.ts'

/** A connection, and as much of the state as groups need. */
function aWorld() {
  const released: Jobs[] = []
  const connected: Pick<Connected, 'groups' | 'listeners' | 'channels' | 'leases' | 'perAddress'> = {
    groups: new Map(),
    listeners: new Map(),
    channels: [],
    leases: new ExtranonceLeases(65_536),
    perAddress: new Map(),
  }
  const due: Pick<Due, 'custom' | 'wanting' | 'starving' | 'retargeted'> = {
    custom: new CustomJobs(),
    wanting: new Set(),
    starving: new Set(),
    retargeted: new Set(),
  }
  const out: Pick<Out, 'lanes' | 'order'> = { lanes: new Lanes(), order: 0 }
  const source: Pick<MinersState['source'], 'released'> = { released: (book) => released.push(book) }
  const state = { connected, due, out, source, emit: () => undefined }
  const capabilities = {
    takesGroupJobs: true,
    groupsExtendedChannels: true,
    maxExtranonceSize: 32,
    versionRollingMask: 0,
  }
  const connection = new Connection(1, { capabilities: capabilities as never, now: NOW })
  return { state: state as unknown as MinersState, connection, released }
}

test('opening and closing cost the same however many payouts a connection works for', () => {
  const { state, connection, released } = aWorld()
  let looks = 0
  const watched = (group: Group): Group =>
    new Proxy(group, {
      get(target, key) {
        looks++
        return Reflect.get(target, key)
      },
    })
  const books = Array.from({ length: 5_000 }, () => new JobBook())
  for (const [slot, book] of books.entries()) {
    const group = watched(groupOf(connection, book))
    connection.groups.set(group.groupId, group)
    connection.joinable.set(book, group)
    const { groupId } = groupOf(connection, book)
    const channel = aChannel({ id: connection.nextId(), book, groupId, grouped: true, lease: slot, slot })
    connection.channels.set(channel.id, channel)
    state.connected.channels.push(channel)
    join(state, groupOf(connection, book), channel)
  }
  expect(connection.groups.size).toBe(books.length)
  for (const channel of [...connection.channels.values()].reverse()) removeChannel(state, connection, channel)
  // a search through all groups would look at 12 million
  expect(looks).toBeLessThan(30 * books.length)
  expect(released).toEqual([...books].reverse())
  expect([connection.groups.size, connection.joinable.size, state.connected.groups.size]).toEqual([0, 0, 0])
  expect(state.connected.listeners.size).toBe(0)
})

test('a group that channels were moved to is not the one that new channels join', () => {
  const { connection } = aWorld()
  const book = new JobBook()
  const first = groupOf(connection, book)
  expect(newGroup(connection, book).groupId).not.toBe(first.groupId)
  expect(groupOf(connection, book)).toBe(first)
})
