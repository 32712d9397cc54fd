import { b0_64k, b0_255, bool, seq0_64k, seq0_255, str0_255, u16, u32, u64, u256 } from '@sv2/codec'
import { declarations } from '../declaration.ts'
import { errorText } from '../error-text.ts'

const { message } = declarations('mining')

/** Extended channels only; no channel_msg bit although the channel id comes first. docs/wire.md O-15. */
export const setCustomMiningJob = message('SetCustomMiningJob', 0x22, 'to-server', {
  channelId: u32,
  requestId: u32,
  miningJobToken: b0_255,
  version: u32,
  prevHash: u256,
  minNtime: u32,
  nbits: u32,
  coinbaseTxVersion: u32,
  coinbasePrefix: b0_255,
  coinbaseTxInputSequence: u32,
  /** Satoshi for the pool's own outputs. */
  coinbaseTxValueRemaining: u64,
  /** One serialized output each, the client's. docs/wire.md O-08. */
  coinbaseTxOutputs: seq0_64k(b0_64k),
  coinbaseTxLocktime: u32,
  merklePath: seq0_255(u256),
  extranonceSize: u16,
  /** Sent as false, never looked at. docs/wire.md O-14. */
  futureJob: bool,
})

export const setCustomMiningJobSuccess = message('SetCustomMiningJob.Success', 0x23, 'to-client', {
  channelId: u32,
  requestId: u32,
  jobId: u32,
  coinbaseTxPrefix: b0_64k,
  coinbaseTxSuffix: b0_64k,
})

/** STR0_32 in the text, too short for the parameter codes: written as long as they are. docs/wire.md O-05. */
export const setCustomMiningJobError = message('SetCustomMiningJob.Error', 0x24, 'to-client', {
  channelId: u32,
  requestId: u32,
  errorCode: errorText(str0_255),
})
