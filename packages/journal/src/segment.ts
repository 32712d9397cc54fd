import { ByteWriter } from './byte-writer.ts'
import { crc32c } from './crc32c.ts'
import { JournalError } from './journal-error.ts'
import { RecordReader } from './record-reader.ts'

/**
 * The version of the format that is written. The one before it, which has no `address` records, is read as well. A program that
 * knew that one alone would take such a record for damage, and cut it off.
 */
export const JOURNAL_VERSION = 2
const READ_VERSIONS: readonly number[] = [1, JOURNAL_VERSION]
/** Bytes of a segment in front of its first record. */
export const SEGMENT_HEADER_SIZE = 48
const CRC_AT = 40
const MAGIC = new TextEncoder().encode('SV2JOURN')

/** What a segment says of itself: a file of records of one node. */
export interface SegmentHeader {
  /** Made when a pool first starts, 16 bytes: the journals of two pools are never mixed up. */
  readonly poolId: Uint8Array
  /** `server_id` of the node that wrote it, u16. */
  readonly node: number
  /** From 0 on, without gaps. */
  readonly number: number
  /** Sequence of its first record. */
  readonly firstSequence: number
}

/** magic · version u16 · node u16 · number u32 · first sequence u64 · pool id · CRC-32C u32 · zeros. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  if (header.poolId.length !== 16) throw new RangeError('a pool id has 16 bytes')
  const out = new ByteWriter(SEGMENT_HEADER_SIZE)
  out.bytes(MAGIC)
  out.u16(JOURNAL_VERSION)
  out.u16(header.node)
  out.u32(header.number)
  out.count(header.firstSequence)
  out.bytes(header.poolId)
  out.u32(crc32c(out.written))
  out.bytes(new Uint8Array(SEGMENT_HEADER_SIZE - out.size))
  return out.written.slice()
}

/** @throws {JournalError} truncated, not-a-segment, version, or checksum */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader {
  const isMagic = MAGIC.every((byte, at) => at >= bytes.length || bytes[at] === byte)
  if (!isMagic) throw new JournalError('not-a-segment', 'it does not begin with SV2JOURN')
  if (bytes.length < SEGMENT_HEADER_SIZE)
    throw new JournalError('truncated', `a segment of ${bytes.length} bytes`)
  const reader = new RecordReader(bytes.subarray(MAGIC.length, SEGMENT_HEADER_SIZE))
  const version = reader.u16()
  if (!READ_VERSIONS.includes(version))
    throw new JournalError(
      'version',
      `format ${version}, and this program reads ${READ_VERSIONS.join(' and ')}`,
    )
  const node = reader.u16()
  const number = reader.u32()
  const firstSequence = reader.count()
  const poolId = reader.bytes(16)
  if (crc32c(bytes, 0, CRC_AT) !== reader.u32()) throw new JournalError('checksum', 'the header of a segment')
  return { poolId, node, number, firstSequence }
}
