import { b0_31, str0_32, u32, u64, type Wire } from '@sv2/codec'
import { declarations } from '../declaration.ts'
import { errorText } from '../error-text.ts'

const { channelMessage } = declarations('mining')

export const submitSharesExtended = channelMessage('SubmitSharesExtended', 0x1b, 'to-server', {
  channelId: u32,
  sequenceNumber: u32,
  jobId: u32,
  nonce: u32,
  ntime: u32,
  version: u32,
  extranonce: b0_31,
})

const MAX_U32 = 0xffff_ffffn

/** U64; the first public implementation sent a U32, recognised by the payload's end. docs/wire.md O-28. */
const sharesSum: Wire<bigint> = {
  ...u64,
  read: (from) => (from.remaining === 4 ? BigInt(u32.read(from)) : u64.read(from)),
}

export const submitSharesSuccess = channelMessage('SubmitShares.Success', 0x1c, 'to-client', {
  channelId: u32,
  lastSequenceNumber: u32,
  newSubmitsAcceptedCount: u32,
  newSharesSum: sharesSum,
})

/** As the first public implementation has it, a U32; a larger sum is told as the largest. docs/wire.md O-28. */
const sharesSumOf2020: Wire<bigint> = {
  ...sharesSum,
  minSize: u32.minSize,
  write: (out, value) => u32.write(out, Number(value > MAX_U32 ? MAX_U32 : value)),
}

export const submitSharesSuccessOf2020 = channelMessage('SubmitShares.Success', 0x1c, 'to-client', {
  channelId: u32,
  lastSequenceNumber: u32,
  newSubmitsAcceptedCount: u32,
  newSharesSum: sharesSumOf2020,
})

export const submitSharesError = channelMessage('SubmitShares.Error', 0x1d, 'to-client', {
  channelId: u32,
  sequenceNumber: u32,
  errorCode: errorText(str0_32),
})
