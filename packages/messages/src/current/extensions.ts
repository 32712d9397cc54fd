import { seq0_64k, u16 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'

/** Extensions Negotiation. */
export const EXTENSIONS_NEGOTIATION = 0x0001

/** `extension_type` of the protocol's own messages. */
export const CORE_PROTOCOL = 0x0000

/** Worker-Specific Hashrate Tracking. */
export const WORKER_TRACKING = 0x0002

const { message } = declarations('extensions', EXTENSIONS_NEGOTIATION)

/** Directly after SetupConnection.Success, by a client that wants extensions. docs/wire.md §6.5. */
export const requestExtensions = message('RequestExtensions', 0x00, 'to-server', {
  /** 16 bits here. */
  requestId: u16,
  requestedExtensions: seq0_64k(u16),
})
export type RequestExtensions = MessageOf<typeof requestExtensions>

/** docs/wire.md §6.5. */
export const requestExtensionsSuccess = message('RequestExtensions.Success', 0x01, 'to-client', {
  requestId: u16,
  supportedExtensions: seq0_64k(u16),
})
export type RequestExtensionsSuccess = MessageOf<typeof requestExtensionsSuccess>

/** docs/wire.md §6.5. */
export const requestExtensionsError = message('RequestExtensions.Error', 0x02, 'to-client', {
  requestId: u16,
  unsupportedExtensions: seq0_64k(u16),
  /** Ids the server insists on that were not requested. */
  requiredExtensions: seq0_64k(u16),
})
export type RequestExtensionsError = MessageOf<typeof requestExtensionsError>
