import type { SubmitSharesExtended, SubmitSharesStandard } from '@sv2/messages'
import type { Client } from './client.ts'
import type { RelayChannel } from './relay-channel.ts'
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
  const jobId = channel.home?.jobs.above(share.jobId, client.former)
  if (channel.home === undefined || jobId === undefined) return refuse(state, client, share, 'stale-share')
  channel.home.link.send(forUpstream(channel, share, jobId))
  state.out.push({ kind: 'shareRelayed', session, channelId })
}

/** The same object when nothing differs above. */
function forUpstream(channel: RelayChannel, share: Share, jobId: number): Share {
  const { upstreamId: channelId, padding } = channel
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
  state.out.push({ kind: 'shareRefused', session, channelId, code: errorCode, by: 'proxy' })
}
