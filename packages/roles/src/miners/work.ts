import type { Message } from '@sv2/messages'
import type { Channel } from '../channel/channel.ts'
import { type Job, jobMerkleRoot, type Tip } from '../channel/job.ts'
import type { JobBook } from '../channel/job-book.ts'
import type { SessionId } from '../role.ts'
import type { Group } from './connection.ts'
import { type MinersState, send } from './state.ts'

/**
 * Sends a job to every channel of its book: one frame per group id, and a job of its own only for channels that
 * cannot share one (POOL-41, POOL-66, POOL-67). All connections call their first group alike, so nearly always one
 * message object goes to all of them and is encoded once.
 */
export function sendJob(state: MinersState, book: JobBook, job: Job): number {
  return toBook(state, book, {
    shared: (channelId, fixedVersion) => extendedJob(job, channelId, fixedVersion),
    own: (channel, fixedVersion) => ownJob(state, job, channel, fixedVersion),
  })
}

/** Tells every channel of a book that the tip has changed and which job to mine on it. */
export function sendTip(state: MinersState, book: JobBook, jobId: number, tip: Tip): number {
  return toBook(state, book, {
    shared: (channelId) => prevHashMessage(channelId, jobId, tip),
    own: (channel) => prevHashMessage(channel.id, jobId, tip),
  })
}

/** Sends one channel what it needs to start: the active job as a future one, the tip, and the jobs that wait (POOL-38). */
export function sendFirstJob(state: MinersState, channel: Channel): void {
  const { active } = channel.book
  if (active?.tip === undefined) return
  const fixedVersion = isFixed(state, channel)
  send(state, channel.session, ownJob(state, { ...active, tip: undefined }, channel, fixedVersion))
  send(state, channel.session, prevHashMessage(channel.id, active.jobId, active.tip))
  for (const job of channel.book.waiting())
    send(state, channel.session, ownJob(state, job, channel, fixedVersion))
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
  send(state, channel.session, ownJob(state, job, channel, isFixed(state, channel)))
}

function isFixed(state: MinersState, channel: Channel): boolean {
  return state.connections.get(channel.session)?.fixedVersion === true
}

/** What a book's channels are told: one message per group id, or one per channel. */
interface Telling {
  readonly shared: (groupId: number, fixedVersion: boolean) => Message
  readonly own: (channel: Channel, fixedVersion: boolean) => Message
}

/** Who gets the same message: connections that call the group alike and may do the same with the version. */
interface Audience {
  readonly groupId: number
  readonly fixedVersion: boolean
  readonly sessions: SessionId[]
}

function toBook(state: MinersState, book: JobBook, telling: Telling): number {
  const shared = new Map<number, Audience>()
  const groups = state.groups.get(book)
  if (groups === undefined) return 0
  for (const group of groups) tellGroup(state, group, telling, shared)
  for (const { groupId, fixedVersion, sessions } of shared.values())
    send(state, sessions, telling.shared(groupId, fixedVersion))
  return groups.size
}

function tellGroup(state: MinersState, group: Group, telling: Telling, shared: Map<number, Audience>): void {
  const { connection } = group
  if (connection.requiresWorkSelection) return
  if (connection.requiresStandardJobs || !connection.capabilities.groupsExtendedChannels) {
    for (const channel of group.channels) {
      if (!channel.grouped || connection.requiresStandardJobs)
        send(state, channel.session, telling.own(channel, connection.fixedVersion))
    }
  }
  if (connection.requiresStandardJobs || group.members === 0) return
  const { session, fixedVersion } = connection
  const key = fixedVersion ? -group.groupId : group.groupId
  const audience = shared.get(key)
  if (audience === undefined) shared.set(key, { groupId: group.groupId, fixedVersion, sessions: [session] })
  else audience.sessions.push(session)
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
