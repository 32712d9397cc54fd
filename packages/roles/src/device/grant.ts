import type { OpenExtendedMiningChannelSuccess, OpenStandardMiningChannelSuccess } from '@sv2/messages'
import { MAX_FULL_EXTRANONCE } from '../mining/channel/extranonce.ts'

/** What the server granted with a channel. */
export interface DeviceGrant {
  readonly channelId: number
  readonly groupId: number
  readonly kind: 'standard' | 'extended'
  /** Bytes the device rolls itself; 0 on a standard channel. */
  readonly extranonceSize: number
  readonly prefix: Uint8Array
  readonly target: Uint8Array
}

/** Reads the answer to a request for a channel; a text says what a device cannot work with. */
export function grantOf(
  opened: OpenStandardMiningChannelSuccess | OpenExtendedMiningChannelSuccess,
  wanted: { readonly kind: 'standard' | 'extended'; readonly minExtranonceSize: number },
): DeviceGrant | string {
  const isExtended = opened.type === 'OpenExtendedMiningChannel.Success'
  const kind = isExtended ? 'extended' : 'standard'
  if (kind !== wanted.kind) return `opened the wrong kind of channel: ${kind}`
  const extranonceSize = isExtended ? opened.extranonceSize : 0
  const least = isExtended ? wanted.minExtranonceSize : 0
  const { extranoncePrefix: prefix, channelId, groupChannelId: groupId, target } = opened
  if (extranonceSize < least || extranonceSize + prefix.length > MAX_FULL_EXTRANONCE)
    return `granted ${extranonceSize} bytes of extranonce`
  return { channelId, groupId, kind, extranonceSize, prefix, target }
}
