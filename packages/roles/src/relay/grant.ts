import type { OpenExtendedMiningChannelSuccess, OpenStandardMiningChannelSuccess } from '@sv2/messages'
import type { UpstreamSession } from './parties.ts'

/** An upstream's good answer to a request for a channel. */
export type ChannelGrant = OpenStandardMiningChannelSuccess | OpenExtendedMiningChannelSuccess

/** Gives a channel back that no client wants any more. */
export function returnGrant(upstreamSession: UpstreamSession, { channelId }: ChannelGrant): void {
  upstreamSession.link.send({ type: 'CloseChannel', channelId, reasonCode: 'moved-to-another-upstream' })
}

/** Bytes the client rolls of a grant; 0 on a standard channel. */
export function grantedSize(grant: ChannelGrant): number {
  return grant.type === 'OpenExtendedMiningChannel.Success' ? grant.extranonceSize : 0
}

/** A prefix and zeros behind it, in bytes of its own. */
export function padded(prefix: Uint8Array, zeros: number): Uint8Array {
  const bytes = new Uint8Array(prefix.length + zeros)
  bytes.set(prefix)
  return bytes
}
