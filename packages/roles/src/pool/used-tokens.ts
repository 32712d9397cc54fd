import { hex } from '@sv2/bitcoin'
import { shortHash } from '../custom-jobs/commitment.ts'
import type { MiningJobToken } from '../custom-jobs/token.ts'
import { type Millis, NEVER } from '../ground/role.ts'
import type { Channel } from '../mining/channel/channel.ts'

/** A token and what it was used for; as it is kept on disk, so that a restart does not forget it. */
export interface UsedToken {
  /** Its serial number, and which of the two kinds it is. */
  readonly key: string
  /** Short hash of the job, hex. */
  readonly job: string
  /** When it expires. */
  readonly until: Millis
}

/** Who else may have seen a token, and who is told of each that is used for the first time here. */
export interface TokenWitnesses {
  /** Those that an earlier run has seen. */
  readonly used: Iterable<UsedToken>
  readonly onUse: (token: UsedToken) => void
  /** Other processes of the pool take tokens too: one not seen before waits until `take` has told what it stands for. */
  readonly areShared?: boolean | undefined
}

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
  readonly #witnesses: TokenWitnesses
  #nextExpiry: Millis = NEVER

  /** @param most how many are remembered; with more in use at one time, tokens not seen before have to wait. */
  constructor(most: number, witnesses: TokenWitnesses) {
    this.#most = most
    this.#witnesses = witnesses
    for (const token of witnesses.used) this.take(token)
  }

  /** A token stands for a job, wherever it was used first. */
  take({ key, job, until }: UsedToken): void {
    if (!this.#uses.has(key)) this.#add(key, { job, channels: new WeakSet(), until })
  }

  /**
   * Remembers that a token is used for a job; a code when it must not be; `later` when others have to be asked first.
   * @param use.repeats the channels work on the very same job already
   */
  use(
    token: MiningJobToken,
    use: { readonly job: string; readonly channels: readonly Channel[]; readonly repeats: boolean },
    now: Millis,
  ): 'invalid-mining-job-token' | 'job-not-yet-validated' | 'later' | undefined {
    const { channels, repeats } = use
    const job = hex(shortHash(new TextEncoder().encode(use.job)))
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
    this.#witnesses.onUse({ key, job, until })
    if (this.#witnesses.areShared === true) return 'later'
    this.#add(key, { job, channels: new WeakSet(channels), until })
    return undefined
  }

  #add(key: string, use: Use): void {
    this.#uses.set(key, use)
    this.#nextExpiry = Math.min(this.#nextExpiry, use.until)
  }

  /** Forgets expired tokens, which no client may use any more. While none has expired this costs nothing. */
  #sweep(now: Millis): void {
    if (now < this.#nextExpiry) return
    this.#nextExpiry = NEVER
    for (const [key, { until }] of this.#uses) {
      if (until <= now) this.#uses.delete(key)
      else this.#nextExpiry = Math.min(this.#nextExpiry, until)
    }
  }
}
