import { MAX_TARGET } from '@sv2/bitcoin'
import type {
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenStandardMiningChannelSuccess,
} from '@sv2/messages'

import { type NumberedLink, UpstreamChannel } from '../../client/upstream-channel.ts'
import { MAX_FULL_EXTRANONCE } from '../../mining/channel/extranonce.ts'

/** What the one channel that all miners share is asked for with. */
export function channelRequest(
  userIdentity: string,
  { hashrate, extranonceSize }: { readonly hashrate: number; readonly extranonceSize: number },
): Omit<OpenExtendedMiningChannel, 'requestId'> {
  return {
    type: 'OpenExtendedMiningChannel',
    userIdentity,
    nominalHashRate: hashrate,
    maxTarget: MAX_TARGET,
    minExtranonceSize: extranonceSize,
  }
}

/**
 * The channel that a pool has granted, or why it is of no use.
 * @param connection.upstream number of the pair
 * @param size bytes of extranonce that miners split among themselves
 */
export function poolChannelOf(
  connection: NumberedLink,
  answer: OpenStandardMiningChannelSuccess | OpenExtendedMiningChannelSuccess,
  size: number,
): UpstreamChannel | string {
  if (answer.type !== 'OpenExtendedMiningChannel.Success') return 'it opened the wrong kind of channel'
  const { extranonceSize, extranoncePrefix } = answer
  if (extranonceSize < size || extranonceSize + extranoncePrefix.length > MAX_FULL_EXTRANONCE)
    return `it granted ${extranonceSize} bytes of extranonce`
  return new UpstreamChannel(connection, { answer, size })
}
