import { b0_64k, bool, option, seq0_255, u32, u256 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'

const { channelMessage } = declarations('mining')

/** Work for one standard channel. docs/wire.md §4.2.2. */
export const newMiningJob = channelMessage('NewMiningJob', 0x15, 'to-client', {
  channelId: u32,
  /** Unique among the channel's live jobs. */
  jobId: u32,
  /** Earliest header time, unix seconds. Absent: a future job, parked until SetNewPrevHash names it. */
  minNtime: option(u32),
  /** Block version; the rollable bits are the miner's. */
  version: u32,
  /** 32 bytes, header byte order. */
  merkleRoot: u256,
})
export type NewMiningJob = MessageOf<typeof newMiningJob>

/** Work for an extended channel or a group. docs/wire.md §4.2.2. */
export const newExtendedMiningJob = channelMessage('NewExtendedMiningJob', 0x1f, 'to-client', {
  channelId: u32,
  jobId: u32,
  /** Earliest header time, unix seconds. Absent: a future job. */
  minNtime: option(u32),
  version: u32,
  versionRollingAllowed: bool,
  /** 32-byte hashes from the leaf up, header byte order. */
  merklePath: seq0_255(u256),
  /** Coinbase up to the extranonce, without marker, flag and witness. */
  coinbaseTxPrefix: b0_64k,
  /** Coinbase after the extranonce, without witness. */
  coinbaseTxSuffix: b0_64k,
})
export type NewExtendedMiningJob = MessageOf<typeof newExtendedMiningJob>

/** Activates a future job on a new tip; every other job is void. docs/wire.md §4.2.2. */
export const setNewPrevHash = channelMessage('SetNewPrevHash', 0x20, 'to-client', {
  /** A channel or a group. */
  channelId: u32,
  jobId: u32,
  /** 32 bytes, header byte order. */
  prevHash: u256,
  /** Earliest header time, unix seconds. */
  minNtime: u32,
  /** Compact network target. */
  nbits: u32,
})
export type SetNewPrevHash = MessageOf<typeof setNewPrevHash>
