import type { Channel } from '../channel/channel.ts'
import type { JobBook } from '../channel/job-book.ts'
import type { Connection, Group } from './connection.ts'
import type { MinersState } from './state.ts'

/** The group of a connection that new channels of a book belong to, made when there is none. */
export function groupOf(connection: Connection, book: JobBook): Group {
  const known = connection.joinable.get(book)
  if (known !== undefined) return known
  const group = newGroup(connection, book)
  connection.joinable.set(book, group)
  return group
}

/** A group without channels, which new channels do not join by themselves. */
export function newGroup(connection: Connection, book: JobBook): Group {
  const group: Group = { connection, book, groupId: connection.nextId(), channels: new Set(), members: 0 }
  connection.groups.set(group.groupId, group)
  return group
}

/** Puts a channel into a group, and the group among those that get the book's jobs. */
export function join(state: MinersState, group: Group, channel: Channel): void {
  group.channels.add(channel)
  channel.joined = state.lanes.begun
  if (channel.grouped) group.members++
  const groups = state.groups.get(group.book)
  if (groups === undefined) state.groups.set(group.book, new Set([group]))
  else groups.add(group)
}

/** Takes a channel out of its group; an empty group is forgotten, and so is a book without groups. */
export function leave(state: MinersState, group: Group, channel: Channel): void {
  group.channels.delete(channel)
  if (channel.grouped) group.members--
  if (group.channels.size > 0) return
  const { connection } = group
  connection.groups.delete(group.groupId)
  if (connection.joinable.get(group.book) === group) connection.joinable.delete(group.book)
  const groups = state.groups.get(group.book)
  groups?.delete(group)
  if (groups?.size !== 0) return
  state.groups.delete(group.book)
  state.source.released(group.book)
}
