import { b0_32, seq0_64k, str0_32, str0_255, u16, u32, u256 } from '@sv2/codec'
import { declarations } from '../declaration.ts'
import { errorText } from '../error-text.ts'

const { message, channelMessage } = declarations('mining')

/** One definition, two numbers: 0x12 answers a standard request, 0x15 an extended one. docs/wire.md O-07. */
export const openMiningChannelError = message('OpenMiningChannel.Error', 0x12, 'to-client', {
  requestId: u32,
  errorCode: errorText(str0_32),
})

/** Extended channels have no group. docs/wire.md §4.2.2. */
export const openExtendedMiningChannelSuccess = message(
  'OpenExtendedMiningChannel.Success',
  0x14,
  'to-client',
  { requestId: u32, channelId: u32, target: u256, extranonceSize: u16, extranoncePrefix: b0_32 },
)

export const updateChannelError = channelMessage('UpdateChannel.Error', 0x17, 'to-client', {
  channelId: u32,
  errorCode: errorText(str0_32),
})

export const closeChannel = channelMessage('CloseChannel', 0x18, 'both', {
  channelId: u32,
  reasonCode: errorText(str0_32),
})

/** A message of the mining protocol here. docs/wire.md O-16. */
export const reconnect = message('Reconnect', 0x25, 'to-client', { newHost: str0_255, newPort: u16 })

/** Standard channels only. docs/wire.md §4.2.2. */
export const setGroupChannel = message('SetGroupChannel', 0x26, 'to-client', {
  groupChannelId: u32,
  channelIds: seq0_64k(u32),
})
