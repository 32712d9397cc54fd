import { BitcoinError, buildCoinbase, parseCountedOutputs, readCompactSize } from '@sv2/bitcoin'
import {
  type SetCustomMiningJob,
  type SetCustomMiningJobError,
  type SetCustomMiningJobSuccess,
  withoutControlCharacters,
} from '@sv2/messages'
import type { RelayChannel, RelayedClient, UpstreamSession } from './parties.ts'
import { type RelayState, tellClient } from './state.ts'

/** Custom jobs that may be without an answer at one upstream. */
const MAX_PENDING = 4_096

/** Passes a client's own job on, under a request id of the upstream connection (POOL-51). */
export function relayCustomJob(state: RelayState, client: RelayedClient, job: SetCustomMiningJob): void {
  const place = client.requiresWorkSelection ? placeOf(client, job.channelId) : 'jd-not-supported'
  if (typeof place === 'string') return refuse(state, client, job, place)
  const coinbase = coinbaseOf(job, place.channel)
  if (typeof coinbase === 'string') return refuse(state, client, job, coinbase)
  const { upstreamSession, channel, upstreamId } = place
  if (upstreamSession.customJobs.size >= MAX_PENDING)
    return refuse(state, client, job, 'job-not-yet-validated')
  const { channelId, requestId } = job
  const upstreamRequestId = upstreamSession.customRequestId()
  upstreamSession.customJobs.set(upstreamRequestId, { client, channelId, requestId, ...coinbase })
  const extranonceSize = channel.extranonceSize + channel.padding
  upstreamSession.link.send({ ...job, channelId: upstreamId, requestId: upstreamRequestId, extranonceSize })
}

/** Hands the answer to a custom job back; false when no client waits for it. */
export function answerCustomJob(
  state: RelayState,
  upstreamSession: UpstreamSession,
  answer: SetCustomMiningJobSuccess | SetCustomMiningJobError,
): boolean {
  const pending = upstreamSession.customJobs.get(answer.requestId)
  if (pending === undefined) return false
  upstreamSession.customJobs.delete(answer.requestId)
  const { client, channelId, requestId, coinbaseTxPrefix, coinbaseTxSuffix } = pending
  if (answer.type === 'SetCustomMiningJob.Error') {
    const errorCode = withoutControlCharacters(answer.errorCode)
    tellClient(state, client.session, { type: answer.type, channelId, requestId, errorCode })
    return true
  }
  const jobId = upstreamSession.jobs.below(answer.jobId, client.former)
  tellClient(state, client.session, {
    coinbaseTxPrefix,
    coinbaseTxSuffix,
    ...answer,
    channelId,
    requestId,
    jobId,
  })
  return true
}

interface Place {
  readonly upstreamSession: UpstreamSession
  readonly channel: RelayChannel
  readonly upstreamId: number
}

/**
 * Where a job goes; a code when it cannot go there. A group that it shares with other clients does not count as its
 * own.
 */
function placeOf(client: RelayedClient, id: number): Place | string {
  const group = client.groups.get(id)
  const [only] = group?.channels ?? []
  const channel = client.channels.get(id) ?? only
  if (channel === undefined || channel.kind !== 'extended') return 'invalid-channel-id'
  const { upstreamSession } = channel
  if (upstreamSession === undefined) return 'invalid-mining-job-token'
  if (group === undefined || group.channels.size === 1)
    return { upstreamSession, channel, upstreamId: channel.upstreamId }
  const isOwn = group.upstreamId !== undefined && upstreamSession.groups.get(group.upstreamId)?.size === 1
  if (!isOwn || group.upstreamId === undefined) return 'invalid-channel-id'
  return { upstreamSession, channel, upstreamId: group.upstreamId }
}

/** The coinbase around the extranonce; a code when the job makes none. */
function coinbaseOf(job: SetCustomMiningJob, channel: RelayChannel) {
  try {
    parseCountedOutputs(job.coinbaseTxOutputs)
    const { value: count, size } = readCompactSize(job.coinbaseTxOutputs, 0)
    const { prefix, suffix } = buildCoinbase({
      version: job.coinbaseTxVersion,
      scriptSigPrefix: job.coinbasePrefix,
      extranonceSize: channel.prefix.length + channel.extranonceSize,
      sequence: job.coinbaseTxInputSequence,
      outputs: [],
      rawOutputs: { count: Number(count), bytes: job.coinbaseTxOutputs.subarray(size) },
      locktime: job.coinbaseTxLocktime,
    })
    return { coinbaseTxPrefix: prefix, coinbaseTxSuffix: suffix }
  } catch (error) {
    if (error instanceof BitcoinError) return 'invalid-coinbase-tx-outputs'
    if (error instanceof RangeError) return 'invalid-coinbase-prefix'
    throw error
  }
}

function refuse(state: RelayState, client: RelayedClient, job: SetCustomMiningJob, errorCode: string): void {
  const { channelId, requestId } = job
  tellClient(state, client.session, { type: 'SetCustomMiningJob.Error', channelId, requestId, errorCode })
}
