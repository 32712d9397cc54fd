import { str0_255, u8, u16, u32 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'
import { errorText } from '../error-text.ts'

const { message, channelMessage } = declarations('common')

/** The client's first message. docs/wire.md §4.1. */
export const setupConnection = message('SetupConnection', 0x00, 'to-server', {
  /** 0 mining, 1 job negotiation or declaration, 2 template distribution. */
  protocol: u8,
  /** 2 in both editions. */
  minVersion: u16,
  /** 2 in both editions. */
  maxVersion: u16,
  /** Meaning depends on `protocol`: see flags.ts. */
  flags: u32,
  endpointHost: str0_255,
  endpointPort: u16,
  vendor: str0_255,
  hardwareVersion: str0_255,
  firmware: str0_255,
  /** Empty without telemetry. */
  deviceId: str0_255,
})
export type SetupConnection = MessageOf<typeof setupConnection>

/** docs/wire.md §4.1. */
export const setupConnectionSuccess = message('SetupConnection.Success', 0x01, 'to-client', {
  usedVersion: u16,
  flags: u32,
})
export type SetupConnectionSuccess = MessageOf<typeof setupConnectionSuccess>

/** Goes out before the server closes the connection. docs/wire.md §4.1. */
export const setupConnectionError = message('SetupConnection.Error', 0x02, 'to-client', {
  /** Every requested flag the server does not support; 0 means another cause. */
  flags: u32,
  errorCode: errorText(str0_255),
})
export type SetupConnectionError = MessageOf<typeof setupConnectionError>

/** Extension state of the channel is void; a proxy sends it to the side that stays. docs/wire.md §6.3. */
export const channelEndpointChanged = channelMessage('ChannelEndpointChanged', 0x03, 'both', {
  channelId: u32,
})
export type ChannelEndpointChanged = MessageOf<typeof channelEndpointChanged>

/** Asks the client to go elsewhere; never passed on by a proxy. docs/wire.md §4.1. */
export const reconnect = message('Reconnect', 0x04, 'to-client', {
  /** Empty: the present host. */
  newHost: str0_255,
  /** 0: the present port. */
  newPort: u16,
})
export type Reconnect = MessageOf<typeof reconnect>
