import { b0_16m, b0_32, b0_64k, b0_255, seq0_64k, str0_255, u16, u32, u256 } from '@sv2/codec'
import { declarations, type MessageOf } from '../declaration.ts'
import { errorText } from '../error-text.ts'

const { message } = declarations('negotiation')

/** docs/wire.md §4.3.2. */
export const allocateMiningJobToken = message('AllocateMiningJobToken', 0x50, 'to-server', {
  userIdentifier: str0_255,
  requestId: u32,
})
export type AllocateMiningJobToken = MessageOf<typeof allocateMiningJobToken>

/** docs/wire.md §4.3.2. */
export const allocateMiningJobTokenSuccess = message('AllocateMiningJobToken.Success', 0x51, 'to-client', {
  requestId: u32,
  miningJobToken: b0_255,
  /** CompactSize count and the serialized outputs the coinbase must hold, values 0; the first pays the pool. */
  coinbaseTxOutputs: b0_64k,
})
export type AllocateMiningJobTokenSuccess = MessageOf<typeof allocateMiningJobTokenSuccess> & {
  /** Bytes of outputs the server will add, where it says so instead of naming the outputs. */
  readonly coinbaseOutputMaxAdditionalSize?: number | undefined
  /** The token may be used before the job is accepted, where the wire says so. */
  readonly asyncMiningAllowed?: boolean | undefined
}

/** docs/wire.md §4.3.2. */
export const provideMissingTransactions = message('ProvideMissingTransactions', 0x55, 'to-client', {
  /** That of the declared job. */
  requestId: u32,
  /** 0-based positions in the declared list; the coinbase is not counted. */
  unknownTxPositionList: seq0_64k(u16),
})
export type ProvideMissingTransactions = MessageOf<typeof provideMissingTransactions>

/** docs/wire.md §4.3.2. */
export const provideMissingTransactionsSuccess = message(
  'ProvideMissingTransactions.Success',
  0x56,
  'to-server',
  {
    requestId: u32,
    /** Full transactions in the order of the request. */
    transactionList: seq0_64k(b0_16m),
  },
)
export type ProvideMissingTransactionsSuccess = MessageOf<typeof provideMissingTransactionsSuccess>

/** Full-Template mode only. docs/wire.md §4.3.2. */
export const declareMiningJob = message('DeclareMiningJob', 0x57, 'to-server', {
  requestId: u32,
  miningJobToken: b0_255,
  version: u32,
  /** Marker, flag and witness included. */
  coinbaseTxPrefix: b0_64k,
  coinbaseTxSuffix: b0_64k,
  /** 32-byte ids in template order, without the coinbase. */
  wtxidList: seq0_64k(u256),
  excessData: b0_64k,
})
export type DeclareMiningJob = MessageOf<typeof declareMiningJob> & {
  /** The payout distribution that its outputs follow; travels only where extension 0x0003 is negotiated. */
  readonly distributionId?: bigint | undefined
}

/** docs/wire.md §4.3.2. */
export const declareMiningJobSuccess = message('DeclareMiningJob.Success', 0x58, 'to-client', {
  requestId: u32,
  newMiningJobToken: b0_255,
})
export type DeclareMiningJobSuccess = MessageOf<typeof declareMiningJobSuccess>

/** docs/wire.md §4.3.2. */
export const declareMiningJobError = message('DeclareMiningJob.Error', 0x59, 'to-client', {
  requestId: u32,
  errorCode: errorText(str0_255),
  errorDetails: b0_64k,
})
export type DeclareMiningJobError = MessageOf<typeof declareMiningJobError>

/** A block was found on a declared job. docs/wire.md §4.3.2. */
export const pushSolution = message('PushSolution', 0x60, 'to-server', {
  /** The full extranonce, prefix included. */
  extranonce: b0_32,
  prevHash: u256,
  nonce: u32,
  ntime: u32,
  nbits: u32,
  version: u32,
})
export type PushSolution = MessageOf<typeof pushSolution>
