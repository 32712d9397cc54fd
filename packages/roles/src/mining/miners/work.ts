import type { Message } from '@sv2/messages'
import type { Channel } from '../channel/channel.ts'
import { type Job, jobMerkleRoot, type Tip } from '../channel/job.ts'
import type { JobBook } from '../channel/job-book.ts'
import type { Jobs } from '../channel/jobs.ts'
import type { Connection, Group } from './connection.ts'
import type { About } from './lanes.ts'
import type { MinersState } from './state.ts'

/** A job as it is told: a future job that is told late is a future job all the same. */
interface ToldJob {
  readonly job: Job
  readonly tip: Tip | undefined
}

/**
 * Sends a job to every channel of its book, and of the books that have it as their root: one frame per group id, and a job
 * of its own only for channels that cannot share one (POOL-41, POOL-66, POOL-67). All connections call their first group
 * alike, so nearly always one message object goes to all of them and is encoded once.
 */
export function sendJob(state: MinersState, book: JobBook, job: Job): number {
  const { tip, jobId } = job
  return toBook(state, {
    about: { kind: tip === undefined ? 'future' : 'job', book, jobId },
    shared: (jobs, groupId, version) => extendedJob({ job: jobs.told(job), tip }, groupId, version),
    own: (channel, version) => ownJob(state, { job: channel.book.told(job), tip }, channel, version),
  })
}

/** Tells the same channels that the tip has changed and which job to mine on it. */
export function sendTip(state: MinersState, book: JobBook, jobId: number, tip: Tip): number {
  return toBook(state, {
    about: { kind: 'tip', book, jobId },
    shared: (_, groupId) => prevHashMessage(groupId, jobId, tip),
    own: (channel) => prevHashMessage(channel.id, jobId, tip),
  })
}

/** Tells a channel something of its jobs, behind what its connection is still to be told of them. */
export function tell(state: MinersState, channel: Channel, message: Message): void {
  const connection = state.connected.connections.get(channel.session)
  if (connection !== undefined)
    state.out.lanes.put(connection, [message].values(), { order: state.out.lanes.begin() })
}

/** Sends one channel what it needs to start: the active job as a future one, the tip, and the jobs that wait (POOL-38). */
export function sendFirstJob(state: MinersState, channel: Channel): void {
  const { active } = channel.book
  if (active?.tip === undefined) return
  const version = versionUse(state.connected.connections.get(channel.session))
  tell(state, channel, ownJob(state, { job: active, tip: undefined }, channel, version))
  tell(state, channel, prevHashMessage(channel.id, active.jobId, active.tip))
  for (const job of channel.book.waiting())
    tell(state, channel, ownJob(state, { job, tip: job.tip }, channel, version))
}

/**
 * A job of the present tip that this channel has not been given yet, so that a new prefix can hold from now on;
 * undefined when there is none, and the change waits for the next job. Jobs made for single channels are shared by
 * those that need one at about the same time.
 */
export function freshJob(state: MinersState, channel: Channel): Job | undefined {
  if (state.connected.connections.get(channel.session)?.requiresWorkSelection !== false) return undefined
  const job = state.source.extraJob(channel.book)
  return job?.jobId === channel.ownJobId ? undefined : job
}

/** Gives a job to one channel alone. */
export function sendOwnJob(state: MinersState, channel: Channel, job: Job): void {
  channel.ownJobId = job.jobId
  const version = versionUse(state.connected.connections.get(channel.session))
  tell(state, channel, ownJob(state, { job, tip: job.tip }, channel, version))
}

/** What a connection does with the version bits of its jobs. */
type VersionUse = 'fixed' | 'rolling'

function versionUse(connection: Connection | undefined): VersionUse {
  return connection?.fixedVersion === true ? 'fixed' : 'rolling'
}

/** What a book's channels are told: one message per group id, or one per channel. */
interface Telling {
  readonly about: About
  readonly shared: (jobs: Jobs, groupId: number, version: VersionUse) => Message
  readonly own: (channel: Channel, version: VersionUse) => Message
}

/** A telling that was begun. */
interface BegunTelling extends Telling {
  readonly order: number
  /** Connections that call a group alike and may do the same with the version get the same object. */
  readonly messages: Map<Jobs, Map<number, Message>>
}

function toBook(state: MinersState, telling: Telling): number {
  const { listeners } = state.connected
  const { lanes } = state.out
  const { about } = telling
  const listening = listeners.get(about.book)
  if (listening === undefined) return 0
  const begun = { ...telling, order: lanes.begin(), messages: new Map() }
  let count = 0
  for (const [connection, groups] of listening) {
    if (!state.connected.connections.has(connection.session)) continue
    count += groups.size
    if (connection.requiresWorkSelection) continue
    lanes.put(connection, messagesTo(state, connection, groups, begun), begun)
  }
  return count
}

/** What one connection is told, a message at a time; who joined since then knows it. */
function* messagesTo(
  { connected: { groups: all } }: MinersState,
  connection: Connection,
  groups: ReadonlySet<Group>,
  { own, shared, order, messages }: BegunTelling,
): Generator<Message, void> {
  const { takesGroupJobs, capabilities } = connection
  const version = versionUse(connection)
  for (const { book, channels, groupId, members, joined } of groups) {
    if (joined >= order) continue
    if (!takesGroupJobs || !capabilities.groupsExtendedChannels) {
      for (const channel of channels)
        if (channel.joined < order && (!channel.grouped || !takesGroupJobs)) yield own(channel, version)
    }
    if (!takesGroupJobs || members === 0) continue
    // most books of many have one group alone: nothing is kept for those
    if (all.get(book)?.size === 1) {
      yield shared(book, groupId, version)
      continue
    }
    const key = version === 'fixed' ? -groupId : groupId
    const known = messages.get(book) ?? new Map<number, Message>()
    const message = known.get(key) ?? shared(book, groupId, version)
    messages.set(book, known.set(key, message))
    yield message
  }
}

function ownJob(state: MinersState, told: ToldJob, channel: Channel, version: VersionUse): Message {
  if (channel.kind === 'extended') return extendedJob(told, channel.id, version)
  const { job } = told
  return {
    type: 'NewMiningJob',
    channelId: channel.id,
    jobId: job.jobId,
    minNtime: minNtimeOf(told),
    version: job.version,
    merkleRoot: jobMerkleRoot(job, channel.prefixAt(job.order) ?? channel.prefix, state.deps.sha256d),
  }
}

function extendedJob(told: ToldJob, channelId: number, use: VersionUse): Message {
  const { job } = told
  return {
    type: 'NewExtendedMiningJob',
    channelId,
    jobId: job.jobId,
    minNtime: minNtimeOf(told),
    version: job.version,
    versionRollingAllowed: job.versionRollingAllowed && use === 'rolling',
    merklePath: job.merklePath,
    coinbaseTxPrefix: job.coinbaseTxPrefix,
    coinbaseTxSuffix: job.coinbaseTxSuffix,
  }
}

/** From when on a job may be mined; undefined while it waits for its tip. */
function minNtimeOf({ tip, job: { minNtime = 0 } }: ToldJob): number | undefined {
  return tip === undefined ? undefined : Math.max(tip.minNtime, minNtime)
}

function prevHashMessage(channelId: number, jobId: number, tip: Tip): Message {
  return {
    type: 'SetNewPrevHash',
    channelId,
    jobId,
    prevHash: tip.prevHash,
    minNtime: tip.minNtime,
    nbits: tip.nbits,
  }
}
