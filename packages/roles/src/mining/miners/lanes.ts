import type { Message } from '@sv2/messages'
import type { SessionEffect, SessionId } from '../../ground/role.ts'
import type { JobBook } from '../channel/job-book.ts'
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
interface Item {
  /** Its place among all that is told. */
  readonly order: number
  readonly about: About | undefined
  /** Made when their time has come: a telling to 10,000 payouts or 100,000 channels begins in no time. */
  readonly messages: Iterator<Message>
}

/** What one connection is still to be told. */
class Lane {
  /** In order. */
  readonly items = new Set<Item>()
  /**
   * Those about a book, told ones too. A proxy has a book per miner: with 10,000 on one connection a tip held up everybody
   * for 7 s where one list of all was gone through.
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
 * connection with very many channels holds up no other: a connection with few channels comes first, and between two
 * slices other events have their turn. A newer job or tip takes the place of what an older one had not told yet.
 */
export class Lanes {
  readonly #lanes = new Map<Connection, Lane>()
  readonly #few = new Set<Connection>()
  readonly #many = new Set<Connection>()
  #order = 0

  get isEmpty(): boolean {
    return this.#lanes.size === 0
  }

  /** Whether a connection is still to be told something. */
  owes(connection: Connection): boolean {
    return this.#lanes.has(connection)
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

  /**
   * Messages for a connection, taken when their time has come; the same object for many connections is sent to all at
   * once. Who joins on the way is known by what was `begun` then.
   */
  put(
    connection: Connection,
    messages: Iterator<Message>,
    { order, about }: { readonly order: number; readonly about?: About },
  ): void {
    let lane = this.#lanes.get(connection)
    if (lane === undefined) {
      const waiting = connection.channels.size > MANY_CHANNELS ? this.#many : this.#few
      waiting.add(connection)
      lane = new Lane()
      this.#lanes.set(connection, lane)
    }
    lane.put({ order, about, messages })
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
      while (true) {
        if (told.isFull) return
        const { value, done } = item.messages.next()
        if (done === true) break
        told.add(connection.session, value, item.order)
      }
      items.delete(item)
    }
    this.forget(connection)
  }
}

/** The messages of one slice, in the order in which they were begun. */
class Slice {
  readonly #messages = new Map<Message, { readonly order: number; readonly to: SessionId[] }>()
  #count = 0

  get isFull(): boolean {
    return this.#count >= MAX_PER_SLICE
  }

  add(session: SessionId, message: Message, order: number): void {
    this.#count++
    const known = this.#messages.get(message)
    if (known === undefined) this.#messages.set(message, { order, to: [session] })
    else known.to.push(session)
  }

  effects(): SessionEffect[] {
    return [...this.#messages]
      .sort(([, one], [, other]) => one.order - other.order)
      .map(([message, { to }]) => ({ kind: 'send', to: to.length === 1 ? to[0]! : to, message }))
  }
}

/** What stays when something newer is to be told: a tip needs its own future job, and no other job before it. */
function isNeeded({ about }: Item, newer: About): boolean {
  if (about === undefined || about.book !== newer.book) return true
  if (newer.kind === 'tip') return about.kind === 'future' && about.jobId === newer.jobId
  return newer.kind === 'future' || about.kind !== 'job'
}
