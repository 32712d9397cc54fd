import type { Message } from '@sv2/messages'
import { owned } from '../../ground/owned.ts'
import type { Connection } from './connection.ts'

/** Requests that may wait on one connection. */
export const MAX_PER_CONNECTION = 1_024

/** What clients asked for while the source of work could not say yet, in the order in which it came. */
export class WaitingRequests {
  #waiting = new Map<Connection, Message[]>()
  #size = 0

  /** Those of all connections. */
  get size(): number {
    return this.#size
  }

  /** Those of one connection. */
  of(connection: Connection): number {
    return this.#waiting.get(connection)?.length ?? 0
  }

  /** Keeps a request; false when too many wait on the connection. */
  keep(connection: Connection, request: Message): boolean {
    const kept = this.#waiting.get(connection)
    if (kept === undefined) this.#waiting.set(connection, [owned(request)])
    else if (kept.length >= MAX_PER_CONNECTION) return false
    else kept.push(owned(request))
    this.#size++
    return true
  }

  has(connection: Connection): boolean {
    return this.#waiting.has(connection)
  }

  forget(connection: Connection): void {
    this.#size -= this.of(connection)
    this.#waiting.delete(connection)
  }

  /** Takes those of one connection, or all of them, to be tried again. */
  take(only?: Connection): Iterable<readonly [Connection, Message[]]> {
    if (only === undefined) {
      const all = this.#waiting
      this.#waiting = new Map()
      this.#size = 0
      return all
    }
    const requests = this.#waiting.get(only)
    this.forget(only)
    return requests === undefined ? [] : [[only, requests]]
  }
}
