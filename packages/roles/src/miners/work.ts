import type { Message } from '@sv2/messages'
import type { Channel } from '../channel/channel.ts'
import { type Job, jobMerkleRoot, type Tip } from '../channel/job.ts'
import type { JobBook } from '../channel/job-book.ts'
import type { Group } from './connection.ts'
import type { About } from './lanes.ts'
import type { MinersState } from './state.ts'

/**
 * Sends a job to every channel of its book: one frame per group id, and a job of its own only for channels that
 * cannot share one (POOL-41, POOL-66, POOL-67). All connections call their first group alike, so nearly always one
 * message object goes to all of them and is encoded once.
 */
export function sendJob(state: MinersState, book: JobBook, job: Job): number {
  // as it is now: a future job that is told late is a future job all the same
  const told = { ...job }
  return toBook(state, book, {
    about: { kind: job.tip === undefined ? 'future' : 'job', book, jobId: job.jobId },
    shared: (channelId, fixedVersion) => extendedJob(told, channelId, fixedVersion),
    own: (channel, fixedVersion) => ownJob(state, told, channel, fixedVersion),
  })
}

/** Tells every channel of a book that the tip has changed and which job to mine on it. */
export function sendTip(state: MinersState, book: JobBook, jobId: number, tip: Tip): number {
  return toBook(state, book, {
    about: { kind: 'tip', book, jobId },
    shared: (channelId) => prevHashMessage(channelId, jobId, tip),
    own: (channel) => prevHashMessage(channel.id, jobId, tip),
  })
}

/** Tells a channel something of its jobs, behind what its connection is still to be told of them. */
export function tell(state: MinersState, channel: Channel, message: Message): void {
  const connection = state.connections.get(channel.session)
  if (connection !== undefined) state.lanes.message(connection, message, { order: state.lanes.begin() })
}

/** Sends one channel what it needs to start: the active job as a future one, the tip, and the jobs that wait (POOL-38). */
export function sendFirstJob(state: MinersState, channel: Channel): void {
  const { active } = channel.book
  if (active?.tip === undefined) return
  const fixedVersion = isFixed(state, channel)
  tell(state, channel, ownJob(state, { ...active, tip: undefined }, channel, fixedVersion))
  tell(state, channel, prevHashMessage(channel.id, active.jobId, active.tip))
  for (const job of channel.book.waiting()) tell(state, channel, ownJob(state, job, channel, fixedVersion))
}

/**
 * A job of the present tip that this channel has not been given yet, so that a new prefix can hold from now on;
 * undefined when there is none, and the change waits for the next job. Jobs made for single channels are shared by
 * those that need one at about the same time.
 */
export function freshJob(state: MinersState, channel: Channel): Job | undefined {
  if (state.connections.get(channel.session)?.requiresWorkSelection !== false) return undefined
  const job = state.source.extraJob(channel.book)
  return job?.jobId === channel.ownJobId ? undefined : job
}

/** Gives a job to one channel alone. */
export function sendOwnJob(state: MinersState, channel: Channel, job: Job): void {
  channel.ownJobId = job.jobId
  tell(state, channel, ownJob(state, job, channel, isFixed(state, channel)))
}

function isFixed(state: MinersState, channel: Channel): boolean {
  return state.connections.get(channel.session)?.fixedVersion === true
}

/** What a book's channels are told: one message per group id, or one per channel. */
interface Telling {
  readonly about: About
  readonly shared: (groupId: number, fixedVersion: boolean) => Message
  readonly own: (channel: Channel, fixedVersion: boolean) => Message
}

function toBook(state: MinersState, book: JobBook, telling: Telling): number {
  const groups = state.groups.get(book)
  if (groups === undefined) return 0
  const order = state.lanes.begin()
  // connections that call the group alike and may do the same with the version get the same object
  const shared = new Map<number, Message>()
  for (const group of groups) tellGroup(state, group, { ...telling, order, messages: shared })
  return groups.size
}

function tellGroup(
  { lanes }: MinersState,
  group: Group,
  telling: Telling & { readonly order: number; readonly messages: Map<number, Message> },
): void {
  const { connection, groupId } = group
  const { order, about, messages } = telling
  if (connection.requiresWorkSelection) return
  if (connection.requiresStandardJobs || !connection.capabilities.groupsExtendedChannels) {
    const make = (channel: Channel): Message | undefined =>
      !channel.grouped || connection.requiresStandardJobs
        ? telling.own(channel, connection.fixedVersion)
        : undefined
    lanes.each(connection, group.channels, { order, about, make })
  }
  if (connection.requiresStandardJobs || group.members === 0) return
  const { fixedVersion } = connection
  const key = fixedVersion ? -groupId : groupId
  const message = messages.get(key) ?? telling.shared(groupId, fixedVersion)
  messages.set(key, message)
  lanes.message(connection, message, { order, about })
}

function ownJob(state: MinersState, job: Job, channel: Channel, fixedVersion: boolean): Message {
  if (channel.kind === 'extended') return extendedJob(job, channel.id, fixedVersion)
  return {
    type: 'NewMiningJob',
    channelId: channel.id,
    jobId: job.jobId,
    minNtime: minNtimeOf(job),
    version: job.version,
    merkleRoot: jobMerkleRoot(job, channel.prefixAt(job.order) ?? channel.prefix, state.deps.sha256d),
  }
}

function extendedJob(job: Job, channelId: number, fixedVersion: boolean): Message {
  return {
    type: 'NewExtendedMiningJob',
    channelId,
    jobId: job.jobId,
    minNtime: minNtimeOf(job),
    version: job.version,
    versionRollingAllowed: job.versionRollingAllowed && !fixedVersion,
    merklePath: job.merklePath,
    coinbaseTxPrefix: job.coinbaseTxPrefix,
    coinbaseTxSuffix: job.coinbaseTxSuffix,
  }
}

/** From when on a job may be mined; undefined while it waits for its tip. */
function minNtimeOf({ tip, minNtime = 0 }: Job): number | undefined {
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
