import { PAYOUT_DISTRIBUTION, type SetCustomMiningJob } from '@sv2/messages'
import type { Millis } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import type { Job } from '../channel/job.ts'
import type { Connection } from './connection.ts'
import { chargeRefusal } from './refusals.ts'
import { type MinersState, nextOrder, send } from './state.ts'
import type { CustomJob } from './work-source.ts'

/** How long a job may wait for its tip, ms. */
const WAIT_MS = 10_000

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
  const { source } = state
  const { custom } = state.due
  if (!connection.requiresWorkSelection || source.customJob === undefined)
    return refuse(state, connection, job, 'jd-not-supported')
  const channels = minersOf(connection, job.channelId)
  if (channels.length === 0) return refuse(state, connection, job, 'invalid-channel-id')
  if (channels.some((channel) => channel.custom?.isFull === true))
    return refuse(state, connection, job, 'job-not-yet-validated')
  const takesDistributions = connection.extensions?.includes(PAYOUT_DISTRIBUTION) === true
  const answer = source.customJob({ job, channels, takesDistributions })
  if (answer === 'later') {
    if (!custom.wait(connection, job, since + WAIT_MS)) refuse(state, connection, job, 'stale-chain-tip')
    return
  }
  if ('code' in answer) return refuse(state, connection, job, answer.code)
  accept(state, connection, { job, channels, answer })
}

/** A new tip: jobs of others are dead, and those that wait are tried on it. */
export function tipChanged(state: MinersState): void {
  state.due.custom.clear()
  retryCustomJobs(state)
}

/** Jobs that wait are tried again. */
export function retryCustomJobs(state: MinersState): void {
  const { custom } = state.due
  const { connections } = state.connected
  for (const { connection, job, until } of custom.takeAll()) {
    if (connections.get(connection.session) !== connection) continue
    setCustomJob(state, connection, job, until - WAIT_MS)
  }
}

/** Refuses jobs that have waited long enough, and drops those whose time is over. */
export function tickCustomJobs(state: MinersState, now: Millis): void {
  const { custom } = state.due
  const { connections } = state.connected
  for (const { connection, job } of custom.takeDue(now)) {
    if (connections.get(connection.session) === connection) refuse(state, connection, job, 'stale-chain-tip')
  }
  custom.sweep(now)
}

/** The channels that a job is for: an extended one, or the extended ones of a group (POOL-53, POOL-54). */
export function minersOf(connection: Connection, id: number): Channel[] {
  const channel = connection.channel(id)
  if (channel !== undefined) return channel.kind === 'extended' ? [channel] : []
  const members = connection.groups.get(id)?.channels ?? []
  return [...members].filter(({ kind, grouped }) => kind === 'extended' && grouped)
}

function accept(
  state: MinersState,
  connection: Connection,
  {
    job: request,
    channels,
    answer,
  }: {
    readonly job: SetCustomMiningJob
    readonly channels: readonly Channel[]
    readonly answer: CustomJob
  },
): void {
  const { channelId, requestId } = request
  const { jobId, version, merklePath, coinbaseTxPrefix, coinbaseTxSuffix } = answer
  const { rewardShare, reward, isUnchecked } = answer
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
    reward,
    isUnchecked,
    // its client may have mined it since the tip: a level that was chosen later is not its own
    activeSince: state.out.tipOrder,
    tip: undefined,
  }
  for (const channel of channels) {
    if (channel.custom?.jobs.active?.jobId !== jobId) state.due.custom.add(channel, job, answer)
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
