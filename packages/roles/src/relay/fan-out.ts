import { concatBytes, merkleRootFromPath } from '@sv2/bitcoin'
import type { Message, NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from '@sv2/messages'
import type { SessionId } from '../ground/role.ts'
import type { ClientGroup, RelayChannel, RelayedClient, UpstreamSession } from './parties.ts'
import { type RelayState, tellClient } from './state.ts'

/** What the clients of a group are told. */
interface Telling {
  /** The message for a client under an id that it knows. */
  readonly message: (client: RelayedClient, id: number) => Message
  /** Clients with one key get one message for one id; undefined: that is the id alone. */
  readonly key?: (client: RelayedClient) => string
  /** For a standard channel whose client needs jobs of its own; `message` when there is no difference. */
  readonly own?: (channel: RelayChannel) => Message
}

/**
 * Tells all channels of a group: once per connection, and one by one where a connection knows no groups. Connections
 * that are told the same get one message object, which is encoded once (POOL-41, PRX-09).
 */
export function tellGroup(
  state: RelayState,
  groups: ReadonlyMap<RelayedClient, ClientGroup>,
  telling: Telling,
): void {
  const audiences = new Map<string | number, { readonly message: Message; readonly sessions: SessionId[] }>()
  for (const [client, group] of groups) {
    if (!client.takesGroupJobs || !client.capabilities.groupsExtendedChannels)
      tellOneByOne(state, group, telling)
    if (!client.takesGroupJobs || group.members === 0) continue
    const key = telling.key === undefined ? group.groupId : `${group.groupId} ${telling.key(client)}`
    const audience = audiences.get(key)
    if (audience !== undefined) audience.sessions.push(client.session)
    else audiences.set(key, { message: telling.message(client, group.groupId), sessions: [client.session] })
  }
  for (const { sessions, message } of audiences.values()) tellClient(state, sessions, message)
}

function tellOneByOne(state: RelayState, group: ClientGroup, telling: Telling): void {
  const { client } = group
  for (const channel of group.channels) {
    if (channel.isGrouped && client.takesGroupJobs) continue
    tellClient(state, client.session, ownMessage(channel, telling))
  }
}

/** Tells one channel. */
export function tellChannel(state: RelayState, channel: RelayChannel, telling: Telling): void {
  tellClient(state, channel.client.session, ownMessage(channel, telling))
}

function ownMessage(channel: RelayChannel, { message, own }: Telling): Message {
  const { client, channelId } = channel
  if (own !== undefined && channel.kind === 'standard' && !client.takesGroupJobs) return own(channel)
  return message(client, channelId)
}

/** A job of an upstream, for a group or an extended channel. */
export function extendedJobTelling(
  state: RelayState,
  upstreamSession: UpstreamSession,
  job: NewExtendedMiningJob,
): Telling {
  const jobId = (client: RelayedClient): number => upstreamSession.jobs.below(job.jobId, client.former)
  const rolls = (client: RelayedClient): boolean => job.versionRollingAllowed && !client.fixedVersion
  return {
    key: (client) => `${jobId(client)} ${rolls(client)}`,
    message: (client, channelId) =>
      changed(job, { channelId, jobId: jobId(client), versionRollingAllowed: rolls(client) }),
    own: (channel) => standardJob(state, channel, { job, jobId: jobId(channel.client) }),
  }
}

/** A standard channel's job; nothing is left to be done with it but the channel's id. */
export function standardJobTelling(upstreamSession: UpstreamSession, job: NewMiningJob): Telling {
  return {
    message: (client, channelId) =>
      changed(job, { channelId, jobId: upstreamSession.jobs.below(job.jobId, client.former) }),
  }
}

/** A new tip, for a group or a channel. */
export function prevHashTelling(upstreamSession: UpstreamSession, prev: SetNewPrevHash): Telling {
  const jobId = (client: RelayedClient): number => upstreamSession.jobs.below(prev.jobId, client.former)
  return {
    key: (client) => String(jobId(client)),
    message: (client, channelId) => changed(prev, { channelId, jobId: jobId(client) }),
  }
}

/** A message with other fields; the same object when there is nothing to change, so that it is encoded once. */
export function changed<M extends Message>(message: M, fields: Partial<M>): M {
  const same = Object.entries(fields).every(([name, value]) => message[name as keyof M] === value)
  return same ? message : { ...message, ...fields }
}

/** The group's job as one standard channel mines it: prefix ‖ the channel's extranonce ‖ suffix (PRX-11). */
function standardJob(
  state: RelayState,
  channel: RelayChannel,
  { job, jobId }: { readonly job: NewExtendedMiningJob; readonly jobId: number },
): NewMiningJob {
  const { sha256d } = state
  const coinbase = concatBytes(job.coinbaseTxPrefix, channel.prefix, job.coinbaseTxSuffix)
  return {
    type: 'NewMiningJob',
    channelId: channel.channelId,
    jobId,
    minNtime: job.minNtime,
    version: job.version,
    merkleRoot: merkleRootFromPath(sha256d(coinbase), job.merklePath, sha256d),
  }
}
