import type { SubmitSharesExtended, SubmitSharesStandard } from '@sv2/messages'
import type { RelayChannel, RelayedClient, UpstreamSession } from './parties.ts'
import { type RelayState, tellClient } from './state.ts'

type Share = SubmitSharesStandard | SubmitSharesExtended

/** Passes a share on to the upstream of its channel, where its job is from there (PRX-12: its time is not judged). */
export function relayShare(state: RelayState, client: RelayedClient, share: Share): void {
  const { session } = client
  const { channelId } = share
  const channel = client.channels.get(channelId)
  if (channel === undefined) return refuse(state, client, share, 'invalid-channel-id')
  const size = share.type === 'SubmitSharesExtended' ? share.extranonce.length : 0
  if (size !== (share.type === 'SubmitSharesExtended' ? channel.extranonceSize : 0))
    return refuse(state, client, share, 'bad-extranonce-size')
  const place = placeOf(channel, share.jobId)
  if (place === undefined) return refuse(state, client, share, 'stale-share')
  place.upstreamSession.link.send(forUpstream(place, share))
  state.emit({ kind: 'shareRelayed', session, channelId })
}

/** Where a share belongs: the upstream that its job is from. */
interface Place {
  readonly upstreamSession: UpstreamSession
  readonly upstreamId: number
  readonly padding: number
  /** As that upstream calls the job. */
  readonly jobId: number
}

function placeOf(channel: RelayChannel, below: number): Place | undefined {
  const { upstreamSession, draining, client, upstreamId, padding } = channel
  const jobId = upstreamSession?.jobs.above(below, client.former)
  if (upstreamSession !== undefined && jobId !== undefined)
    return { upstreamSession, upstreamId, padding, jobId }
  const lateId = draining?.upstreamSession.jobs.above(below, client.former)
  return draining === undefined || lateId === undefined ? undefined : { ...draining, jobId: lateId }
}

/** The same object when nothing differs above. */
function forUpstream({ upstreamId: channelId, padding, jobId }: Place, share: Share): Share {
  if (share.channelId === channelId && share.jobId === jobId && padding === 0) return share
  if (share.type === 'SubmitSharesStandard' || padding === 0) return { ...share, channelId, jobId }
  const extranonce = new Uint8Array(padding + share.extranonce.length)
  extranonce.set(share.extranonce, padding)
  return { ...share, channelId, jobId, extranonce }
}

function refuse(state: RelayState, client: RelayedClient, share: Share, errorCode: string): void {
  const { channelId, sequenceNumber } = share
  const { session } = client
  tellClient(state, session, { type: 'SubmitShares.Error', channelId, sequenceNumber, errorCode })
  state.emit({ kind: 'shareRefused', session, channelId, code: errorCode, by: 'proxy' })
}
