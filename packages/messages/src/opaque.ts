import { encodeFrame, type Frame, getUint32, putUint32 } from '@sv2/codec'
import type { Opaque } from './message.ts'

/** A frame of an unknown extension as it is. docs/wire.md §6.2. */
export function opaqueOf({ extensionType, channelMsg, msgType, payload }: Frame): Opaque {
  const opaque: Opaque = { type: 'Opaque', extensionType, channelMsg, msgType, payload }
  return channelMsg && payload.length >= 4 ? { ...opaque, channelId: getUint32(payload, 0) } : opaque
}

/** The same frame again, with `channelId` over its first four payload bytes if it has one. */
export function frameOfOpaque({
  extensionType,
  channelMsg,
  msgType,
  payload,
  channelId,
}: Opaque): Uint8Array {
  const frame = encodeFrame({ extensionType, channelMsg, msgType }, payload)
  if (channelMsg && channelId !== undefined && payload.length >= 4) putUint32(frame, 6, channelId)
  return frame
}
