import { b0_64k, b0_255, seq0_255, str0_255, u32, u256 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'
import { errorText } from '../error-text.ts'

const { channelMessage } = declarations('mining')

/** The client's own job, to be mined on this connection. docs/wire.md §4.2.2. */
export const setCustomMiningJob = channelMessage('SetCustomMiningJob', 0x22, 'to-server', {
  /** An extended channel; a group where the server takes those. */
  channelId: u32,
  requestId: u32,
  miningJobToken: b0_255,
  version: u32,
  prevHash: u256,
  minNtime: u32,
  nbits: u32,
  coinbaseTxVersion: u32,
  /** Start of the scriptSig, before the extranonce. */
  coinbasePrefix: b0_255,
  coinbaseTxInputSequence: u32,
  /** All outputs: CompactSize count, then the serialized outputs. */
  coinbaseTxOutputs: b0_64k,
  coinbaseTxLocktime: u32,
  merklePath: seq0_255(u256),
})
export type SetCustomMiningJob = MessageOf<typeof setCustomMiningJob> & {
  /** Satoshi left for the server's own outputs, where the server completes the coinbase. Absent: none. */
  readonly coinbaseTxValueRemaining?: bigint | undefined
  /** Bytes of the rollable extranonce the job was made for, where the wire names them. */
  readonly extranonceSize?: number | undefined
  /** The payout distribution that its outputs follow; travels only where extension 0x0003 is negotiated. */
  readonly distributionId?: bigint | undefined
}

/** docs/wire.md §4.2.2. */
export const setCustomMiningJobSuccess = channelMessage('SetCustomMiningJob.Success', 0x23, 'to-client', {
  channelId: u32,
  requestId: u32,
  jobId: u32,
})
export type SetCustomMiningJobSuccess = MessageOf<typeof setCustomMiningJobSuccess> & {
  /** Coinbase up to the extranonce as the server built it, where the wire returns it. */
  readonly coinbaseTxPrefix?: Uint8Array | undefined
  /** Coinbase after the extranonce as the server built it, where the wire returns it. */
  readonly coinbaseTxSuffix?: Uint8Array | undefined
}

/** docs/wire.md §4.2.2. */
export const setCustomMiningJobError = channelMessage('SetCustomMiningJob.Error', 0x24, 'to-client', {
  channelId: u32,
  requestId: u32,
  errorCode: errorText(str0_255),
})
export type SetCustomMiningJobError = MessageOf<typeof setCustomMiningJobError>
