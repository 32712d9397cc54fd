import type { SetCustomMiningJob } from '@sv2/messages'
import { owned } from '../../ground/owned.ts'
import { type Millis, NEVER } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import { CustomBook } from '../channel/custom-book.ts'
import type { Job } from '../channel/job.ts'
import type { Connection } from './connection.ts'
import type { CustomJob } from './work-source.ts'

/** Jobs that may wait on one connection, and in all; each may be as long as a message. */
const MAX_PER_CONNECTION = 4
const MAX_WAITING = 256
/** Jobs whose time is over are looked for this often, ms. */
const SWEEP_MS = 1_000

/** A job that waits for its tip. */
interface Waiting {
  readonly connection: Connection
  readonly job: SetCustomMiningJob
  readonly until: Millis
}

/** The jobs that clients brought: which channels have some, and which jobs wait for their tip (POOL-36). */
export class CustomJobs {
  readonly #channels = new Set<Channel>()
  #waiting: Waiting[] = []
  #nextExpiry: Millis = NEVER
  #lastSweep: Millis = 0

  /** When the next job expires or has waited long enough; `NEVER` when there is none. */
  nextDeadline(): Millis {
    const expiry = this.#nextExpiry === NEVER ? NEVER : Math.max(this.#nextExpiry, this.#lastSweep + SWEEP_MS)
    return Math.min(this.#waiting[0]?.until ?? NEVER, expiry)
  }

  /** Gives a job to a channel. */
  add(channel: Channel, job: Job, { tip, content, expires }: CustomJob): void {
    channel.custom ??= new CustomBook()
    channel.custom.add(job, tip, { content, expires })
    this.#channels.add(channel)
    this.#nextExpiry = Math.min(this.#nextExpiry, expires ?? NEVER)
  }

  /** A channel is closed. */
  forget(channel: Channel): void {
    this.#channels.delete(channel)
  }

  /** The tip has changed. */
  clear(): void {
    for (const channel of this.#channels) channel.custom?.clear()
    this.#nextExpiry = NEVER
  }

  /** Drops jobs whose time is over. */
  sweep(now: Millis): void {
    if (now < this.#nextExpiry || now < this.#lastSweep + SWEEP_MS) return
    this.#lastSweep = now
    this.#nextExpiry = NEVER
    for (const { custom } of this.#channels) {
      custom?.expire(now)
      this.#nextExpiry = Math.min(this.#nextExpiry, custom?.nextExpiry ?? NEVER)
    }
  }

  /** Keeps a job until its tip comes; false when too many wait. */
  wait(connection: Connection, job: SetCustomMiningJob, until: Millis): boolean {
    const own = this.#waiting.filter((each) => each.connection === connection).length
    if (own >= MAX_PER_CONNECTION || this.#waiting.length >= MAX_WAITING) return false
    this.#waiting.push({ connection, job: owned(job), until })
    return true
  }

  /** Takes all that wait, oldest first. */
  takeAll(): Waiting[] {
    const all = this.#waiting
    this.#waiting = []
    return all
  }

  /** Takes those that have waited long enough. */
  takeDue(now: Millis): Waiting[] {
    const due = this.#waiting.filter(({ until }) => until <= now)
    if (due.length > 0) this.#waiting = this.#waiting.filter(({ until }) => until > now)
    return due
  }
}
