import type { SubmitSharesExtended, SubmitSharesStandard } from '@sv2/messages'
import type { Client, Home, RelayChannel } from './parties.ts'
import { type RelayState, tell } from './state.ts'

type Share = SubmitSharesStandard | SubmitSharesExtended

/** Passes a share on to the upstream of its channel, where its job is from there (PRX-12: its time is not judged). */
export function submitShare(state: RelayState, client: Client, share: Share): void {
  const { session } = client
  const { channelId } = share
  const channel = client.channels.get(channelId)
  if (channel === undefined) return refuse(state, client, share, 'invalid-channel-id')
  const size = share.type === 'SubmitSharesExtended' ? share.extranonce.length : 0
  if (size !== (share.type === 'SubmitSharesExtended' ? channel.extranonceSize : 0))
    return refuse(state, client, share, 'bad-extranonce-size')
  const place = placeOf(channel, share.jobId)
  if (place === undefined) return refuse(state, client, share, 'stale-share')
  place.home.link.send(forUpstream(place, share))
  state.emit({ kind: 'shareRelayed', session, channelId })
}

/** Where a share belongs: the upstream that its job is from. */
interface Place {
  readonly home: Home
  readonly upstreamId: number
  readonly padding: number
  /** As that upstream calls the job. */
  readonly jobId: number
}

function placeOf(channel: RelayChannel, below: number): Place | undefined {
  const { home, farewell, client, upstreamId, padding } = channel
  const jobId = home?.jobs.above(below, client.former)
  if (home !== undefined && jobId !== undefined) return { home, upstreamId, padding, jobId }
  const lateId = farewell?.home.jobs.above(below, client.former)
  return farewell === undefined || lateId === undefined ? undefined : { ...farewell, jobId: lateId }
}

/** The same object when nothing differs above. */
function forUpstream({ upstreamId: channelId, padding, jobId }: Place, share: Share): Share {
  if (share.channelId === channelId && share.jobId === jobId && padding === 0) return share
  if (share.type === 'SubmitSharesStandard' || padding === 0) return { ...share, channelId, jobId }
  const extranonce = new Uint8Array(padding + share.extranonce.length)
  extranonce.set(share.extranonce, padding)
  return { ...share, channelId, jobId, extranonce }
}

function refuse(state: RelayState, client: Client, share: Share, errorCode: string): void {
  const { channelId, sequenceNumber } = share
  const { session } = client
  tell(state, session, { type: 'SubmitShares.Error', channelId, sequenceNumber, errorCode })
  state.emit({ kind: 'shareRefused', session, channelId, code: errorCode, by: 'proxy' })
}
