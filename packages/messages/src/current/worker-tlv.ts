import { CodecError, decodeText, encodeText, encodeTlvs, findTlvs } from '@sv2/codec'
import { WORKER_TRACKING } from './extensions.ts'
import type { CurrentMemory } from './memory.ts'
import type { SubmitSharesExtended } from './shares.ts'

const USER_IDENTITY = 0x01
const MAX_SIZE = 32

/**
 * Takes the worker name off the end of a share, where extension 0x0002 is negotiated. docs/wire.md §6.6.
 * @throws {CodecError} over-long above 32 bytes, truncated
 */
export function readWorker(
  share: SubmitSharesExtended,
  tail: Uint8Array,
  memory: CurrentMemory,
): SubmitSharesExtended {
  if (!memory.tracksWorkers) return share
  const fields = findTlvs(tail, (extensionType) => extensionType === WORKER_TRACKING)
  const field = fields.find(({ fieldType }) => fieldType === USER_IDENTITY)
  return field === undefined ? share : { ...share, userIdentity: decodeText(checked(field.value)) }
}

/** The TLV field every share carries once extension 0x0002 is negotiated; empty for a nameless worker. */
export function writeWorker(share: SubmitSharesExtended, memory: CurrentMemory): Uint8Array | undefined {
  if (!memory.tracksWorkers) return undefined
  const value = checked(encodeText(share.userIdentity ?? ''))
  return encodeTlvs(
    [{ extensionType: WORKER_TRACKING, fieldType: USER_IDENTITY, value }],
    memory.tlvByteOrder,
  )
}

function checked(value: Uint8Array): Uint8Array {
  if (value.length <= MAX_SIZE) return value
  throw new CodecError('over-long', `user_identity of ${value.length} bytes, ${MAX_SIZE} allowed`)
}
