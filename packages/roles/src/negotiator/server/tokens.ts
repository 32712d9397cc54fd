import { hex } from '@sv2/bitcoin'
import type { JobCommitment } from '../../custom-jobs/commitment.ts'
import {
  accountKey,
  type MiningJobToken,
  openToken,
  SERIAL_SIZE,
  sealToken,
} from '../../custom-jobs/token.ts'
import type { Millis } from '../../ground/role.ts'
import type { NegotiatorServerDeps } from './settings.ts'

/** Serial numbers of used tokens that are remembered; the oldest are forgotten. */
const MAX_USED = 100_000

/** Makes tokens, and sees to it that each is good for one job. */
export class Tokens {
  readonly #deps: NegotiatorServerDeps
  readonly #validSeconds: number
  /** Serials, hex, in the order in which their tokens expire, nearly; and when. */
  readonly #used = new Map<string, number>()

  constructor(validSeconds: number, deps: NegotiatorServerDeps) {
    this.#validSeconds = validSeconds
    this.#deps = deps
  }

  /** A token for a user, before there is a job. @param how `outputs`: scripts; the first one pays */
  allocate(
    user: string,
    how: Pick<MiningJobToken, 'outputs' | 'usableAtOnce' | 'distributionId'>,
    now: Millis,
  ): Uint8Array {
    return this.#seal({ account: accountKey(user), ...how, commitment: undefined }, now)
  }

  /** The token that replaces another when its job is accepted. */
  commit(
    token: Pick<MiningJobToken, 'account' | 'outputs' | 'distributionId'>,
    commitment: JobCommitment,
    now: Millis,
  ): Uint8Array {
    const { account, outputs, distributionId } = token
    return this.#seal({ account, outputs, distributionId, usableAtOnce: false, commitment }, now)
  }

  /** Reads a token that a job is proposed with, or says why it is not valid. */
  open(bytes: Uint8Array, now: Millis): MiningJobToken | string {
    const token = openToken(bytes, this.#deps.mac)
    if (token === undefined) return 'no token of this server'
    if (token.expires * 1000 <= now) return 'the token has expired'
    if (token.commitment !== undefined) return 'the token stands for a job already'
    if (this.#used.has(hex(token.serial))) return 'the token was used before'
    return token
  }

  /** A job is proposed with it: it is good for no other. */
  use(token: MiningJobToken, now: Millis): void {
    this.#used.set(hex(token.serial), token.expires)
    for (const [serial, expires] of this.#used) {
      if (expires * 1000 > now && this.#used.size <= MAX_USED) return
      this.#used.delete(serial)
    }
  }

  #seal(token: Omit<MiningJobToken, 'serial' | 'expires'>, now: Millis): Uint8Array {
    const serial = this.#deps.randomBytes(SERIAL_SIZE)
    const expires = Math.floor(now / 1000) + this.#validSeconds
    return sealToken({ ...token, serial, expires }, this.#deps.mac)
  }
}
