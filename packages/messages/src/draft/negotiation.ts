import { b0_64k, b0_255, b8, bool, seq0_64k, str0_255, u16, u32, u64, u256 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'
import { errorText } from '../error-text.ts'

const { message } = declarations('negotiation')

/** The pool adds its outputs itself and says here how many bytes they take. */
export const allocateMiningJobTokenSuccess = message('AllocateMiningJobToken.Success', 0x51, 'to-client', {
  requestId: u32,
  miningJobToken: b0_255,
  coinbaseOutputMaxAdditionalSize: u32,
  asyncMiningAllowed: bool,
})

/** Number given, layout settled. docs/wire.md O-09. */
export const allocateMiningJobTokenError = message('AllocateMiningJobToken.Error', 0x52, 'to-client', {
  requestId: u32,
  errorCode: errorText(str0_255),
})
export type AllocateMiningJobTokenError = MessageOf<typeof allocateMiningJobTokenError>

/** Short hashes collide, or their list does not match its hash. */
export const identifyTransactions = message('IdentifyTransactions', 0x53, 'to-client', { requestId: u32 })
export type IdentifyTransactions = MessageOf<typeof identifyTransactions>

export const identifyTransactionsSuccess = message('IdentifyTransactions.Success', 0x54, 'to-server', {
  requestId: u32,
  /** SHA-256 of each transaction's data, template order, without the coinbase. */
  txHashList: seq0_64k(u256),
})
export type IdentifyTransactionsSuccess = MessageOf<typeof identifyTransactionsSuccess>

/** Numbers of CommitMiningJob and its answers are settled in docs/wire.md O-10. */
export const commitMiningJob = message('CommitMiningJob', 0x57, 'to-server', {
  requestId: u32,
  miningJobToken: b0_255,
  version: u32,
  coinbaseTxVersion: u32,
  coinbasePrefix: b0_255,
  coinbaseTxInputSequence: u32,
  /** Satoshi. */
  coinbaseTxValueRemaining: u64,
  /** One serialized output each. */
  coinbaseTxOutputs: seq0_64k(b0_64k),
  coinbaseTxLocktime: u32,
  minExtranonceSize: u16,
  /** Keys the short hashes: docs/wire.md O-04. */
  txShortHashNonce: u64,
  /** SipHash-2-4 values of 8 bytes, little-endian. */
  txShortHashList: seq0_64k(b8),
  /** SHA-256 of the concatenated SHA-256 values of the transactions. */
  txHashListHash: u256,
  excessData: b0_64k,
})
export type CommitMiningJob = MessageOf<typeof commitMiningJob>

export const commitMiningJobSuccess = message('CommitMiningJob.Success', 0x58, 'to-client', {
  requestId: u32,
  /** Different from the committed one: the client sends SetCustomMiningJob again. */
  newMiningJobToken: b0_255,
})
export type CommitMiningJobSuccess = MessageOf<typeof commitMiningJobSuccess>

export const commitMiningJobError = message('CommitMiningJob.Error', 0x59, 'to-client', {
  requestId: u32,
  errorCode: errorText(str0_255),
  errorDetails: b0_64k,
})
export type CommitMiningJobError = MessageOf<typeof commitMiningJobError>
