import { b0_32, str0_255, u32, u64 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'
import { errorText } from '../error-text.ts'

const { channelMessage } = declarations('mining')

/** docs/wire.md §4.2.2. */
export const submitSharesStandard = channelMessage('SubmitSharesStandard', 0x1a, 'to-server', {
  channelId: u32,
  /** Counts the submits of a channel. */
  sequenceNumber: u32,
  jobId: u32,
  nonce: u32,
  /** Header time, unix seconds. */
  ntime: u32,
  /** The whole header version, rolled bits included. */
  version: u32,
})
export type SubmitSharesStandard = MessageOf<typeof submitSharesStandard>

/** docs/wire.md §4.2.2. */
export const submitSharesExtended = channelMessage('SubmitSharesExtended', 0x1b, 'to-server', {
  channelId: u32,
  sequenceNumber: u32,
  jobId: u32,
  nonce: u32,
  ntime: u32,
  version: u32,
  /** Exactly the `extranonceSize` of the channel. */
  extranonce: b0_32,
})
export type SubmitSharesExtended = MessageOf<typeof submitSharesExtended> & {
  /** The worker behind the share, at most 32 bytes; travels only where extension 0x0002 is negotiated. */
  readonly userIdentity?: string | undefined
}

/** May acknowledge many submits. docs/wire.md §4.2.2. */
export const submitSharesSuccess = channelMessage('SubmitShares.Success', 0x1c, 'to-client', {
  channelId: u32,
  lastSequenceNumber: u32,
  newSubmitsAcceptedCount: u32,
  /** Sum of the difficulties of the acknowledged shares. */
  newSharesSum: u64,
})
export type SubmitSharesSuccess = MessageOf<typeof submitSharesSuccess>

/** docs/wire.md §4.2.2. */
export const submitSharesError = channelMessage('SubmitShares.Error', 0x1d, 'to-client', {
  channelId: u32,
  sequenceNumber: u32,
  errorCode: errorText(str0_255),
})
export type SubmitSharesError = MessageOf<typeof submitSharesError>
