import { MAX_TARGET } from '@sv2/bitcoin'
import {
  MINING_SUCCESS_FLAGS,
  type OpenExtendedMiningChannel,
  type OpenStandardMiningChannel,
} from '@sv2/messages'
import type { DeviceSettings } from './settings.ts'

/** The request for a device's channel; a text says why its server can open none (DEV-05). */
export function openRequest(
  settings: Pick<DeviceSettings, 'mode' | 'userIdentity' | 'minExtranonceSize'>,
  now: {
    readonly requestId: number
    /** Flags of SetupConnection.Success. */
    readonly flags: number
    /** H/s to declare. */
    readonly hashrate: number
  },
): OpenStandardMiningChannel | OpenExtendedMiningChannel | string {
  const { mode, userIdentity, minExtranonceSize } = settings
  const { requestId, hashrate: nominalHashRate } = now
  const request = { requestId, userIdentity, nominalHashRate, maxTarget: MAX_TARGET }
  if (mode === 'extended') return { type: 'OpenExtendedMiningChannel', ...request, minExtranonceSize }
  if ((now.flags & MINING_SUCCESS_FLAGS.REQUIRES_EXTENDED_CHANNELS) !== 0)
    return 'the server opens extended channels only; use mode extended'
  return { type: 'OpenStandardMiningChannel', ...request }
}
