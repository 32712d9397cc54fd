import type { OpenExtendedMiningChannel, OpenStandardMiningChannel } from '@sv2/messages'
import { REQUIRES_EXTENDED_CHANNELS } from '../miners/connection.ts'
import type { DeviceSettings } from './settings.ts'

/** A device takes any target. */
export const EASIEST_TARGET = new Uint8Array(32).fill(0xff)

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
  const request = { requestId, userIdentity, nominalHashRate, maxTarget: EASIEST_TARGET }
  if (mode === 'extended') return { type: 'OpenExtendedMiningChannel', ...request, minExtranonceSize }
  if ((now.flags & REQUIRES_EXTENDED_CHANNELS) !== 0)
    return 'the server opens extended channels only; use mode extended'
  return { type: 'OpenStandardMiningChannel', ...request }
}
