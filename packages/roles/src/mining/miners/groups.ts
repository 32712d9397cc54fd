import type { Channel } from '../channel/channel.ts'
import type { Jobs } from '../channel/jobs.ts'
import type { Connection, Group } from './connection.ts'
import type { MinersState } from './state.ts'

/** The group of a connection that new channels of a book belong to, made when there is none. */
export function groupOf(connection: Connection, book: Jobs): Group {
  const known = connection.joinable.get(book)
  if (known !== undefined) return known
  const group = newGroup(connection, book)
  connection.joinable.set(book, group)
  return group
}

/** A group without channels, which new channels do not join by themselves. */
export function newGroup(connection: Connection, book: Jobs): Group {
  const group: Group = {
    connection,
    book,
    groupId: connection.nextId(),
    channels: new Set(),
    members: 0,
    joined: 0,
  }
  connection.groups.set(group.groupId, group)
  return group
}

/** Puts a channel into a group, and the group among those that get the book's jobs. */
export function join(state: MinersState, group: Group, channel: Channel): void {
  group.channels.add(channel)
  channel.joined = state.out.lanes.begun
  if (channel.grouped) group.members++
  if (group.channels.size > 1) return
  const { book, connection } = group
  group.joined = state.out.lanes.begun
  put(state.connected.groups, book, group)
  const listening = state.connected.listeners.get(book.root)
  if (listening === undefined)
    state.connected.listeners.set(book.root, new Map([[connection, new Set([group])]]))
  else put(listening, connection, group)
}

/** Takes a channel out of its group; an empty group is forgotten, and so is a book without groups. */
export function leave(state: MinersState, group: Group, channel: Channel): void {
  group.channels.delete(channel)
  if (channel.grouped) group.members--
  if (group.channels.size > 0) return
  const { connection } = group
  connection.groups.delete(group.groupId)
  if (connection.joinable.get(group.book) === group) connection.joinable.delete(group.book)
  const { root } = group.book
  const listening = state.connected.listeners.get(root)
  if (listening !== undefined && takeOut(listening, connection, group) && listening.size === 0)
    state.connected.listeners.delete(root)
  if (takeOut(state.connected.groups, group.book, group)) state.source.released(group.book)
}

function put<Key>(groups: Map<Key, Set<Group>>, key: Key, group: Group): void {
  const known = groups.get(key)
  if (known === undefined) groups.set(key, new Set([group]))
  else known.add(group)
}

/** Whether it was the last one of its key. */
function takeOut<Key>(groups: Map<Key, Set<Group>>, key: Key, group: Group): boolean {
  const known = groups.get(key)
  known?.delete(group)
  return known?.size === 0 && groups.delete(key)
}
