import { b0_32, f32, seq0_64k, str0_255, u16, u32, u256 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'
import { errorText } from '../error-text.ts'

const { message, channelMessage } = declarations('mining')

/** docs/wire.md §4.2.2. */
export const openStandardMiningChannel = message('OpenStandardMiningChannel', 0x10, 'to-server', {
  /** Echoed in the answer, otherwise meaningless to the server. */
  requestId: u32,
  userIdentity: str0_255,
  /** Hashes per second. */
  nominalHashRate: f32,
  /** 32 bytes, little-endian: the easiest target the client takes. */
  maxTarget: u256,
})
export type OpenStandardMiningChannel = MessageOf<typeof openStandardMiningChannel>

/** docs/wire.md §4.2.2. */
export const openStandardMiningChannelSuccess = message(
  'OpenStandardMiningChannel.Success',
  0x11,
  'to-client',
  {
    requestId: u32,
    channelId: u32,
    target: u256,
    /** What stands between coinbase prefix and suffix of this channel's jobs. */
    extranoncePrefix: b0_32,
    groupChannelId: u32,
  },
)
export type OpenStandardMiningChannelSuccess = MessageOf<typeof openStandardMiningChannelSuccess>

/** Answers both kinds of open requests. docs/wire.md §4.2.2. */
export const openMiningChannelError = message('OpenMiningChannel.Error', 0x12, 'to-client', {
  requestId: u32,
  errorCode: errorText(str0_255),
})
export type OpenMiningChannelError = MessageOf<typeof openMiningChannelError>

/** docs/wire.md §4.2.2. */
export const openExtendedMiningChannel = message('OpenExtendedMiningChannel', 0x13, 'to-server', {
  requestId: u32,
  userIdentity: str0_255,
  /** Hashes per second. */
  nominalHashRate: f32,
  maxTarget: u256,
  /** Bytes the client wants to roll at least. */
  minExtranonceSize: u16,
})
export type OpenExtendedMiningChannel = MessageOf<typeof openExtendedMiningChannel>

/** docs/wire.md §4.2.2. */
export const openExtendedMiningChannelSuccess = message(
  'OpenExtendedMiningChannel.Success',
  0x14,
  'to-client',
  {
    requestId: u32,
    channelId: u32,
    target: u256,
    /** Bytes the client rolls; the full extranonce is `extranoncePrefix` and these. */
    extranonceSize: u16,
    extranoncePrefix: b0_32,
    /** The channel's own id where extended channels have no group. */
    groupChannelId: u32,
  },
)
export type OpenExtendedMiningChannelSuccess = MessageOf<typeof openExtendedMiningChannelSuccess>

/** docs/wire.md §4.2.2. */
export const updateChannel = channelMessage('UpdateChannel', 0x16, 'to-server', {
  channelId: u32,
  /** Hashes per second. */
  nominalHashRate: f32,
  maximumTarget: u256,
})
export type UpdateChannel = MessageOf<typeof updateChannel>

/** docs/wire.md §4.2.2. */
export const updateChannelError = channelMessage('UpdateChannel.Error', 0x17, 'to-client', {
  channelId: u32,
  errorCode: errorText(str0_255),
})
export type UpdateChannelError = MessageOf<typeof updateChannelError>

/** docs/wire.md §4.2.2. */
export const closeChannel = channelMessage('CloseChannel', 0x18, 'both', {
  /** A channel, or a group and with it all its channels. */
  channelId: u32,
  reasonCode: errorText(str0_255),
})
export type CloseChannel = MessageOf<typeof closeChannel>

/** Applies to jobs sent afterwards. docs/wire.md §4.2.2. */
export const setExtranoncePrefix = channelMessage('SetExtranoncePrefix', 0x19, 'to-client', {
  /** Never a group. */
  channelId: u32,
  extranoncePrefix: b0_32,
})
export type SetExtranoncePrefix = MessageOf<typeof setExtranoncePrefix>

/** Applies to jobs not yet active; on a group id to each of its channels. docs/wire.md §4.2.2. */
export const setTarget = channelMessage('SetTarget', 0x21, 'to-client', {
  channelId: u32,
  /** 32 bytes, little-endian. */
  maximumTarget: u256,
})
export type SetTarget = MessageOf<typeof setTarget>

/** Moves channels into a group. docs/wire.md §4.2.2. */
export const setGroupChannel = message('SetGroupChannel', 0x25, 'to-client', {
  groupChannelId: u32,
  channelIds: seq0_64k(u32),
})
export type SetGroupChannel = MessageOf<typeof setGroupChannel>
