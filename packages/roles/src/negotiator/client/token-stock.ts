import type { AllocateMiningJobTokenSuccess } from '@sv2/messages'
import type { UpstreamLink } from '../../client/link.ts'
import type { Millis } from '../../ground/role.ts'
import { type GrantedToken, readToken, type TokenReading } from './granted-token.ts'

/** Tokens kept at hand, so that a new tip never waits for one. */
const STOCK = 2
/** An older token may be out of date where it came from, ms. */
const MAX_AGE_MS = 60_000

/** The tokens of one server: asked for in advance, one for each job. */
export class TokenStock {
  readonly #tokens: GrantedToken[] = []
  readonly #asked = new Set<number>()
  #lastId = 0
  /** The newest one there was: what its outputs need, the next ones need too. */
  newest: GrantedToken | undefined

  /** There is one. */
  get isStocked(): boolean {
    return this.#tokens.length > 0
  }

  /** Asks for as many as are missing. */
  refill(link: UpstreamLink, userIdentifier: string, now: Millis): void {
    while (this.#tokens.length > 0 && now - this.#tokens[0]!.since > MAX_AGE_MS) this.#tokens.shift()
    while (this.#tokens.length + this.#asked.size < STOCK) {
      this.#lastId = (this.#lastId + 1) >>> 0
      this.#asked.add(this.#lastId)
      link.send({ type: 'AllocateMiningJobToken', userIdentifier, requestId: this.#lastId })
    }
  }

  /** Takes an answer in; a text says why its token cannot be used; undefined when no request of ours matches. */
  granted(message: AllocateMiningJobTokenSuccess, reading: TokenReading): GrantedToken | string | undefined {
    if (!this.#asked.delete(message.requestId)) return undefined
    const token = readToken(message, reading)
    if (typeof token === 'string') return token
    this.#tokens.push(token)
    this.newest = token
    return token
  }

  /** A request was refused; it is made again with the next `refill`. */
  denied(requestId: number): void {
    this.#asked.delete(requestId)
  }

  /** The oldest token; undefined when there is none. */
  take(): GrantedToken | undefined {
    return this.#tokens.shift()
  }

  /** The server is gone, and with it what it was asked for; what the next tokens need is still known. */
  lost(): void {
    this.#tokens.length = 0
    this.#asked.clear()
  }

  /** Nothing is known any more. */
  clear(): void {
    this.lost()
    this.newest = undefined
  }
}
