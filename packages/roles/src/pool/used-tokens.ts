import { hex } from '@sv2/bitcoin'
import type { Channel } from '../channel/channel.ts'
import type { MiningJobToken } from '../negotiator/token.ts'
import { type Millis, NEVER } from '../role.ts'

/** What a token was used for. */
interface Use {
  readonly job: string
  readonly channels: WeakSet<Channel>
  readonly until: Millis
}

/**
 * Which token stands for which job. A token is good for one job, on as many channels as the client has, once on each;
 * it is remembered until it expires.
 */
export class UsedTokens {
  readonly #uses = new Map<string, Use>()
  readonly #most: number
  #nextExpiry: Millis = NEVER

  /** @param most how many are remembered; with more in use at one time, tokens not seen before have to wait. */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * Remembers that a token is used for a job; a code when it must not be.
   * @param use.repeats the channels work on the very same job already
   */
  use(
    token: MiningJobToken,
    use: { readonly job: string; readonly channels: readonly Channel[]; readonly repeats: boolean },
    now: Millis,
  ): 'invalid-mining-job-token' | 'job-not-yet-validated' | undefined {
    const { job, channels, repeats } = use
    // the token of a checked job may have the number of the one it was asked for with
    const key = `${hex(token.serial)}${token.commitment === undefined ? '' : '+'}`
    const known = this.#uses.get(key)
    if (known !== undefined) {
      if (known.job !== job || (!repeats && channels.some((channel) => known.channels.has(channel))))
        return 'invalid-mining-job-token'
      for (const channel of channels) known.channels.add(channel)
      return undefined
    }
    if (this.#uses.size >= this.#most) this.#sweep(now)
    if (this.#uses.size >= this.#most) return 'job-not-yet-validated'
    const until = token.expires * 1000
    this.#uses.set(key, { job, channels: new WeakSet(channels), until })
    this.#nextExpiry = Math.min(this.#nextExpiry, until)
    return undefined
  }

  /** Forgets the expired ones, which nobody may use any more; when none is, that is known without a look. */
  #sweep(now: Millis): void {
    if (now < this.#nextExpiry) return
    this.#nextExpiry = NEVER
    for (const [key, { until }] of this.#uses) {
      if (until <= now) this.#uses.delete(key)
      else this.#nextExpiry = Math.min(this.#nextExpiry, until)
    }
  }
}
