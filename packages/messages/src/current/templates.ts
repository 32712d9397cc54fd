import { b0_16m, b0_64k, b0_255, bool, seq0_64k, seq0_255, str0_255, u32, u64, u256 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'
import { errorText } from '../error-text.ts'
import { sigopsOrDefault } from './sigops.ts'

const { message } = declarations('templates')

/** What the client will add to the coinbase. docs/wire.md §4.4. */
export const coinbaseOutputConstraints = message('CoinbaseOutputConstraints', 0x70, 'to-server', {
  /** Bytes of serialized outputs. */
  coinbaseOutputMaxAdditionalSize: u32,
  coinbaseOutputMaxAdditionalSigops: sigopsOrDefault,
})
export type CoinbaseOutputConstraints = MessageOf<typeof coinbaseOutputConstraints>

/** docs/wire.md §4.4. */
export const newTemplate = message('NewTemplate', 0x71, 'to-client', {
  templateId: u64,
  /** True: waits for the SetNewPrevHashTdp that names it. */
  futureTemplate: bool,
  version: u32,
  coinbaseTxVersion: u32,
  /** Start of the scriptSig, at most 8 bytes. */
  coinbasePrefix: b0_255,
  coinbaseTxInputSequence: u32,
  /** Satoshi. */
  coinbaseTxValueRemaining: u64,
  coinbaseTxOutputsCount: u32,
  /** Serialized outputs one after another, no count in front; they go last in the coinbase. */
  coinbaseTxOutputs: b0_64k,
  coinbaseTxLocktime: u32,
  merklePath: seq0_255(u256),
})
export type NewTemplate = MessageOf<typeof newTemplate>

/** The template distribution protocol's SetNewPrevHash. docs/wire.md §4.4. */
export const setNewPrevHashTdp = message('SetNewPrevHashTdp', 0x72, 'to-client', {
  templateId: u64,
  prevHash: u256,
  /** Where to start, unix seconds; not the minimum. */
  headerTimestamp: u32,
  nbits: u32,
  /** 32 bytes, little-endian; may be lower than `nbits` says. */
  target: u256,
})
export type SetNewPrevHashTdp = MessageOf<typeof setNewPrevHashTdp>

/** docs/wire.md §4.4. */
export const requestTransactionData = message('RequestTransactionData', 0x73, 'to-server', {
  templateId: u64,
})
export type RequestTransactionData = MessageOf<typeof requestTransactionData>

/** docs/wire.md §4.4. */
export const requestTransactionDataSuccess = message('RequestTransactionData.Success', 0x74, 'to-client', {
  templateId: u64,
  /** Opaque to the client, as are the transactions. */
  excessData: b0_64k,
  /** All transactions in template order, without the coinbase. */
  transactionList: seq0_64k(b0_16m),
})
export type RequestTransactionDataSuccess = MessageOf<typeof requestTransactionDataSuccess>

/** docs/wire.md §4.4. */
export const requestTransactionDataError = message('RequestTransactionData.Error', 0x75, 'to-client', {
  templateId: u64,
  errorCode: errorText(str0_255),
})
export type RequestTransactionDataError = MessageOf<typeof requestTransactionDataError>

/** A block was found on a template. docs/wire.md §4.4. */
export const submitSolution = message('SubmitSolution', 0x76, 'to-server', {
  templateId: u64,
  version: u32,
  headerTimestamp: u32,
  headerNonce: u32,
  /** The whole coinbase transaction, witness included. */
  coinbaseTx: b0_64k,
})
export type SubmitSolution = MessageOf<typeof submitSolution>
