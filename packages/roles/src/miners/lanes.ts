import type { Message } from '@sv2/messages'
import type { Channel } from '../channel/channel.ts'
import type { JobBook } from '../channel/job-book.ts'
import type { SessionEffect, SessionId } from '../role.ts'
import type { Connection } from './connection.ts'

/** Messages of one slice: a few milliseconds of encoding, encryption and writing. */
const MAX_PER_SLICE = 48
/** A connection with more channels than this waits until those with fewer are told. */
const MANY_CHANNELS = 64

/** What a telling is about; a newer one may make it needless. */
export interface About {
  readonly kind: 'job' | 'future' | 'tip'
  readonly book: JobBook
  readonly jobId: number
}

/** Something that a connection is to be told of its jobs. */
type Item = {
  /** Its place among all that is told. */
  readonly order: number
  readonly about: About | undefined
} & (
  | { readonly message: Message }
  /** A message for each of many channels, those that joined since left out. */
  | { readonly channels: Iterator<Channel>; readonly make: (channel: Channel) => Message | undefined }
)

/** What one connection is still to be told. */
class Lane {
  /** In order. */
  readonly items = new Set<Item>()
  /**
   * Those about a book, told ones too. A solo pool has thousands of books: with 10,000 on one connection a tip holds up
   * everybody for 0.3 s, and for 7 s where one list of all was gone through.
   */
  readonly #byBook = new Map<JobBook, Item[]>()

  put(item: Item): void {
    const { about, order } = item
    this.items.add(item)
    if (about === undefined) return
    const needed = [item]
    for (const each of this.#byBook.get(about.book) ?? []) {
      if (!this.items.has(each)) continue
      if (each.order === order || isNeeded(each, about)) needed.push(each)
      else this.items.delete(each)
    }
    this.#byBook.set(about.book, needed)
  }
}

/**
 * What is still to be told of jobs, targets and prefixes, by connection and in order. It is told in slices, so that a
 * connection with very many channels holds up nobody: whoever has few channels comes first, and between two slices other
 * events have their turn. A newer job or tip takes the place of what an older one had not told yet.
 */
export class Lanes {
  readonly #lanes = new Map<Connection, Lane>()
  readonly #few = new Set<Connection>()
  readonly #many = new Set<Connection>()
  #order = 0

  get isEmpty(): boolean {
    return this.#lanes.size === 0
  }

  /** The number of the telling that was begun last. */
  get begun(): number {
    return this.#order
  }

  /** Begins a telling: what is put in with its number belongs together. */
  begin(): number {
    this.#order++
    return this.#order
  }

  /** One message for a connection; the same object for many of them is sent to all at once. */
  message(connection: Connection, message: Message, telling: { order: number; about?: About }): void {
    this.#put(connection, { order: telling.order, about: telling.about, message })
  }

  /**
   * A message for each channel of a set, made when its time has come; none where `make` makes none. Copying 100,000 of
   * them would be a stall of its own: channels that join on the way are known by `Channel.joined`.
   */
  each(
    connection: Connection,
    channels: ReadonlySet<Channel>,
    telling: {
      readonly order: number
      readonly about: About
      readonly make: (channel: Channel) => Message | undefined
    },
  ): void {
    if (channels.size > 0) this.#put(connection, { ...telling, channels: channels.values() })
  }

  /** A connection is gone. */
  forget(connection: Connection): void {
    this.#lanes.delete(connection)
    this.#few.delete(connection)
    this.#many.delete(connection)
  }

  /** Takes out as much as is told at one moment. */
  slice(): SessionEffect[] {
    const told = new Slice()
    for (const waiting of [this.#few, this.#many]) {
      for (const connection of waiting) {
        if (told.isFull) break
        this.#tell(connection, told)
      }
    }
    return told.effects()
  }

  #tell(connection: Connection, told: Slice): void {
    const items = this.#lanes.get(connection)?.items ?? new Set()
    for (const item of items) {
      if (told.isFull) return
      if ('message' in item) told.shared(connection.session, item.message, item.order)
      else if (!tellEach(connection, item, told)) return
      items.delete(item)
    }
    this.forget(connection)
  }

  #put(connection: Connection, item: Item): void {
    let lane = this.#lanes.get(connection)
    if (lane === undefined) {
      const waiting = connection.channels.size > MANY_CHANNELS ? this.#many : this.#few
      waiting.add(connection)
      lane = new Lane()
      this.#lanes.set(connection, lane)
    }
    lane.put(item)
  }
}

/** The messages of one slice, in the order in which they were begun. */
class Slice {
  readonly #messages: { readonly order: number; readonly to: SessionId; readonly message: Message }[] = []
  readonly #shared = new Map<Message, { readonly order: number; readonly to: SessionId[] }>()
  #count = 0

  get isFull(): boolean {
    return this.#count >= MAX_PER_SLICE
  }

  shared(session: SessionId, message: Message, order: number): void {
    this.#count++
    const known = this.#shared.get(message)
    if (known === undefined) this.#shared.set(message, { order, to: [session] })
    else known.to.push(session)
  }

  own(session: SessionId, message: Message, order: number): void {
    this.#count++
    this.#messages.push({ order, to: session, message })
  }

  effects(): SessionEffect[] {
    const shared = [...this.#shared].map(([message, { order, to }]) => ({ order, to, message }))
    return [...this.#messages, ...shared]
      .sort((one, other) => one.order - other.order)
      .map(({ to, message }) => ({ kind: 'send', to, message }))
  }
}

/** Tells channels one by one; false when the slice is full before the last one. */
function tellEach(
  { session }: Connection,
  { channels, make, order }: Extract<Item, { channels: unknown }>,
  told: Slice,
): boolean {
  while (!told.isFull) {
    const { value: channel, done } = channels.next()
    if (done === true) return true
    const message = channel.joined < order ? make(channel) : undefined
    if (message !== undefined) told.own(session, message, order)
  }
  return false
}

/** What stays when something newer is to be told: a tip needs its own future job, and no other job before it. */
function isNeeded({ about }: Item, newer: About): boolean {
  if (about === undefined || about.book !== newer.book) return true
  if (newer.kind === 'tip') return about.kind === 'future' && about.jobId === newer.jobId
  return newer.kind === 'future' || about.kind !== 'job'
}
