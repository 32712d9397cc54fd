import type { Millis } from '../../ground/role.ts'
import type { Channel } from '../../mining/channel/channel.ts'

/** A share that went to the pool, and whose it is. */
export interface SubmittedShare {
  readonly channel: Channel
  /** Of the client that found it. */
  readonly sequenceNumber: number
  /** At which it was judged here. */
  readonly difficulty: number
}

/** What a pool owes an answer to. */
export type PoolRequest =
  | {
      readonly kind: 'configure' | 'subscribe' | 'authorize' | 'extranonce.subscribe'
      readonly since: Millis
    }
  | { readonly kind: 'submit'; readonly since: Millis; readonly share: SubmittedShare }

/** An answer to a share comes within this time, or never, ms. */
export const SHARE_ANSWER_MS = 30_000
/** The same for all other requests, ms. */
export const ANSWER_MS = 10_000

/** Requests that a pool has not answered yet, by their ids, in the order they were sent. */
export class PoolRequests {
  readonly #waiting = new Map<number, PoolRequest>()
  #lastId = 0
  #shares = 0

  /** Shares without an answer. */
  get shares(): number {
    return this.#shares
  }

  /** What it owes an answer to for the longest time. */
  get oldest(): PoolRequest['kind'] | undefined {
    for (const { kind } of this.#waiting.values()) return kind
    return undefined
  }

  /** Adds a request. Answers its id. */
  add(request: PoolRequest): number {
    this.#lastId++
    this.#waiting.set(this.#lastId, request)
    if (request.kind === 'submit') this.#shares++
    return this.#lastId
  }

  take(id: number): PoolRequest | undefined {
    const request = this.#waiting.get(id)
    if (request === undefined) return undefined
    this.#waiting.delete(id)
    if (request.kind === 'submit') this.#shares--
    return request
  }

  /** Takes those whose time is over. Shares wait longer than others: those behind one that may wait on are looked at as well. */
  takeOverdue(now: Millis): PoolRequest[] {
    const overdue: PoolRequest[] = []
    for (const [id, request] of this.#waiting) {
      const age = now - request.since
      if (age < ANSWER_MS) break
      if (request.kind === 'submit' && age < SHARE_ANSWER_MS) continue
      this.take(id)
      overdue.push(request)
    }
    return overdue
  }

  /** Takes all shares out: the pool will not answer them any more. */
  takeShares(): SubmittedShare[] {
    const shares: SubmittedShare[] = []
    for (const request of this.#waiting.values()) if (request.kind === 'submit') shares.push(request.share)
    this.#waiting.clear()
    this.#shares = 0
    return shares
  }
}
