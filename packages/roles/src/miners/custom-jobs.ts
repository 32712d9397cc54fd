import type { SetCustomMiningJob } from '@sv2/messages'
import type { Channel } from '../channel/channel.ts'
import { CustomBook } from '../channel/custom-book.ts'
import type { Job } from '../channel/job.ts'
import { owned } from '../owned.ts'
import { type Millis, NEVER } from '../role.ts'
import type { Connection } from './connection.ts'
import { chargeRefusal } from './refusals.ts'
import { type CustomJob, type MinersState, nextOrder, send } from './state.ts'

/** How long a job may wait for its tip, ms. */
const WAIT_MS = 10_000
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
  nextDue(): Millis {
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

/**
 * Takes a client's own job, refuses it, or keeps it until its tip is known; answers with its request id (POOL-51).
 * @param since when it came
 */
export function setCustomJob(
  state: MinersState,
  connection: Connection,
  job: SetCustomMiningJob,
  since: Millis,
): void {
  const { source, custom } = state
  if (!connection.requiresWorkSelection || source.customJob === undefined)
    return refuse(state, connection, job, 'jd-not-supported')
  const channels = minersOf(connection, job.channelId)
  if (channels.length === 0) return refuse(state, connection, job, 'invalid-channel-id')
  if (channels.some((channel) => channel.custom?.isFull === true))
    return refuse(state, connection, job, 'job-not-yet-validated')
  const answer = source.customJob({ job, channels })
  if (answer === 'later') {
    if (!custom.wait(connection, job, since + WAIT_MS)) refuse(state, connection, job, 'stale-chain-tip')
    return
  }
  if ('code' in answer) return refuse(state, connection, job, answer.code)
  accept(state, connection, { job, channels, answer })
}

/** A new tip: jobs of others are dead, and those that wait are tried on it. */
export function tipChanged(state: MinersState): void {
  const { custom, connections } = state
  custom.clear()
  for (const { connection, job, until } of custom.takeAll()) {
    if (connections.get(connection.session) !== connection) continue
    setCustomJob(state, connection, job, until - WAIT_MS)
  }
}

/** Refuses jobs that have waited long enough, and drops those whose time is over. */
export function tickCustomJobs(state: MinersState, now: Millis): void {
  const { custom, connections } = state
  for (const { connection, job } of custom.takeDue(now)) {
    if (connections.get(connection.session) === connection) refuse(state, connection, job, 'stale-chain-tip')
  }
  custom.sweep(now)
}

/** The channels that a job is for: an extended one, or the extended ones of a group (POOL-53, POOL-54). */
export function minersOf(connection: Connection, id: number): Channel[] {
  const channel = connection.channels.get(id)
  if (channel !== undefined) return channel.kind === 'extended' ? [channel] : []
  const members = connection.groups.get(id)?.channels ?? []
  return [...members].filter(({ kind, grouped }) => kind === 'extended' && grouped)
}

function accept(
  state: MinersState,
  connection: Connection,
  taken: {
    readonly job: SetCustomMiningJob
    readonly channels: readonly Channel[]
    readonly answer: CustomJob
  },
): void {
  const { answer, channels } = taken
  const { channelId, requestId } = taken.job
  const { jobId, version, merklePath, coinbaseTxPrefix, coinbaseTxSuffix, rewardShare, isUnchecked } = answer
  const job: Job = {
    jobId,
    space: jobId,
    order: nextOrder(state),
    version,
    versionRollingAllowed: answer.versionRollingAllowed && !connection.fixedVersion,
    merklePath,
    coinbaseTxPrefix,
    coinbaseTxSuffix,
    rewardShare,
    isUnchecked,
    // its client may have mined it since the tip: a level that was chosen later is not its own
    activeSince: state.tipOrder,
    tip: undefined,
  }
  for (const channel of channels) {
    if (channel.custom?.jobs.active?.jobId !== jobId) state.custom.add(channel, job, answer)
  }
  const { session } = connection
  send(state, session, {
    type: 'SetCustomMiningJob.Success',
    channelId,
    requestId,
    jobId,
    coinbaseTxPrefix,
    coinbaseTxSuffix,
  })
  state.emit({ kind: 'customJobSet', session, channelId, jobId, channels: channels.length })
}

function refuse(state: MinersState, connection: Connection, job: SetCustomMiningJob, code: string): void {
  const { session } = connection
  const { channelId, requestId } = job
  send(state, session, { type: 'SetCustomMiningJob.Error', channelId, requestId, errorCode: code })
  state.emit({ kind: 'customJobRefused', session, channelId, code })
  chargeRefusal(state, connection)
}
