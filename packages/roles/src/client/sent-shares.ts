import { type Millis, NEVER } from '../ground/role.ts'
import type { Channel } from '../mining/channel/channel.ts'
import type { Job } from '../mining/channel/job.ts'
import { fullExtranonce, type JudgedShare, type Share } from '../mining/channel/judge.ts'
import { shortened, workerOf } from './identity-template.ts'

/** A worker's name in extension 0x0002, bytes of UTF-8 at most. */
const MAX_WORKER_BYTES = 32

/** A share that went up, and whose it is. */
export interface SentShare {
  readonly channel: Channel
  /** Of the client that found it. */
  readonly sequenceNumber: number
  /** At which it was credited below. */
  readonly difficulty: number
  readonly job: Job
  readonly nonce: number
  readonly ntime: number
  readonly version: number
  /** Leased and rolled part. */
  readonly extranonce: Uint8Array
  /** Worker that found it; empty when the client named none. */
  readonly worker: string
  /** When it went up. */
  readonly since: Millis
}

/** A good share of a channel as it goes up. */
export function sentShare({ channel, share, good }: JudgedShare, now: Millis): SentShare {
  const { job, level } = good
  return {
    channel,
    sequenceNumber: share.sequenceNumber,
    difficulty: level.difficulty,
    job,
    nonce: share.nonce,
    ntime: share.ntime,
    version: share.version,
    extranonce: fullExtranonce(channel, job, share),
    worker: workerName(channel, share),
    since: now,
  }
}

function workerName(channel: Channel, share: Share): string {
  const named = share.type === 'SubmitSharesExtended' ? share.userIdentity : undefined
  return shortened(named ?? workerOf(channel.user), MAX_WORKER_BYTES)
}

/** Shares that an upstream has not answered yet; it answers in the order in which they were sent. */
export class SentShares {
  readonly #waiting = new Map<number, SentShare>()
  /** The last number that was given. */
  #last = 0

  get size(): number {
    return this.#waiting.size
  }

  /** Since when the oldest one waits; `NEVER` when none does. */
  get oldest(): Millis {
    for (const { since } of this.#waiting.values()) return since
    return NEVER
  }

  add(sequence: number, share: SentShare): void {
    this.#last = sequence
    this.#waiting.set(sequence, share)
  }

  /** Takes the share of a sequence number. */
  take(sequence: number): SentShare | undefined {
    const share = this.#waiting.get(sequence)
    this.#waiting.delete(sequence)
    return share
  }

  /** Takes all shares up to a sequence number; none when it was never given. */
  upTo(sequence: number): SentShare[] {
    if (isAfter(sequence, this.#last)) return []
    if (!this.#waiting.has(sequence) && !this.#isPast(sequence)) return []
    const taken: SentShare[] = []
    for (const [each, share] of this.#waiting) {
      if (isAfter(each, sequence)) break
      this.#waiting.delete(each)
      taken.push(share)
    }
    return taken
  }

  /** Takes all that are left: the upstream will not answer them any more. */
  takeAll(): SentShare[] {
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    return all
  }

  /** A share was refused out of its turn: the number is gone, and those before it still wait. */
  #isPast(sequence: number): boolean {
    for (const [each] of this.#waiting) return !isAfter(each, sequence)
    return false
  }
}

/** Whether a sequence number comes after another one; they start anew at 2^32. */
function isAfter(a: number, b: number): boolean {
  return a !== b && (a - b) >>> 0 < 2 ** 31
}
