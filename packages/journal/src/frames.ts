import { ByteWriter } from './byte-writer.ts'
import { crc32c } from './crc32c.ts'
import { JournalError } from './journal-error.ts'
import { kindNumber, readRecord, writeRecord } from './record-codec.ts'
import type { JournalRecord } from './records.ts'
import {
  checkShare,
  encodeShareTerms,
  SHARE,
  SHARE_SIZE,
  type SharePlaces,
  writeShare,
} from './share-codec.ts'

/** Bytes in front of a record's fields: their length u32, CRC-32C u32 of all that follows, sequence u64, kind u8. */
export const FRAME_HEADER_SIZE = 17
/** The longest record: a coinbase that fills a block. What says it is longer is not a record. */
export const MAX_RECORD_SIZE = 4_000_000
const CRC_AT = 4
const CRC_FROM = 8

/** A record with its place among all records of a node, from 0 on. */
export interface Entry {
  readonly sequence: number
  readonly record: JournalRecord
}

/** A record as it stands in a segment. */
export interface Frame extends Entry {
  /** Offset behind it. */
  readonly end: number
}

/** Appends a record with its frame to what is to be written. @throws {RangeError} when a field does not fit; then nothing is appended. */
export function appendFrame(out: ByteWriter, { sequence, record }: Entry): void {
  if (record.kind === 'share')
    return appendShare(out, sequence, { ...record, terms: encodeShareTerms(record) })
  const start = begin(out, sequence, kindNumber(record))
  try {
    writeRecord(out, record)
    const size = out.size - start - FRAME_HEADER_SIZE
    if (size > MAX_RECORD_SIZE) throw new RangeError(`a record of ${size} bytes`)
  } catch (error) {
    out.truncate(start)
    throw error
  }
  seal(out, start)
}

/**
 * The same for a share, of which there are very many: without an object for each, and with what it has in common with
 * others written before. @throws {RangeError} when a field does not fit; then nothing is appended.
 */
export function appendShare(out: ByteWriter, sequence: number, share: SharePlaces): void {
  checkShare(share)
  const start = begin(out, sequence, SHARE)
  writeShare(out, share)
  seal(out, start)
}

/** The same for a share whose fields `appendShareFields` has written. @throws {RangeError} when they are not so many bytes */
export function appendWrittenShare(out: ByteWriter, sequence: number, fields: Uint8Array): void {
  if (fields.length !== SHARE_SIZE) throw new RangeError(`a share of ${fields.length} bytes`)
  const start = begin(out, sequence, SHARE)
  out.bytes(fields)
  seal(out, start)
}

function begin(out: ByteWriter, sequence: number, kind: number): number {
  const start = out.size
  out.u32(0)
  out.u32(0)
  out.count(sequence)
  out.u8(kind)
  return start
}

function seal(out: ByteWriter, start: number): void {
  out.putU32(start, out.size - start - FRAME_HEADER_SIZE)
  out.putU32(start + CRC_AT, out.crc32c(start + CRC_FROM))
}

/** One record with its frame. @throws {RangeError} when a field does not fit. */
export function encodeFrame(entry: Entry): Uint8Array {
  const out = new ByteWriter()
  appendFrame(out, entry)
  return out.written
}

/**
 * Reads the record at an offset.
 * @throws {JournalError} truncated, when the bytes end before it does; checksum or malformed, when it is not one
 */
export function readFrame(bytes: Uint8Array, at: number): Frame {
  const end = frameEnd(bytes, at)
  if (end === undefined) throw new JournalError('truncated', `a record at ${at}, ${bytes.length - at} bytes`)
  if (crc32c(bytes, at + CRC_FROM, end) !== u32At(bytes, at + CRC_AT))
    throw new JournalError('checksum', `a record at ${at}`)
  const sequence = u32At(bytes, at + 8) + u32At(bytes, at + 12) * 2 ** 32
  const record = readRecord(bytes[at + 16]!, bytes.subarray(at + FRAME_HEADER_SIZE, end))
  return { sequence, record, end }
}

/**
 * Where the record at an offset ends, by what it says itself; undefined when the bytes end before that.
 * @throws {JournalError} malformed, when it says it is longer than any record
 */
export function frameEnd(bytes: Uint8Array, at: number): number | undefined {
  if (bytes.length - at < FRAME_HEADER_SIZE) return undefined
  const size = u32At(bytes, at)
  if (size > MAX_RECORD_SIZE) throw new JournalError('malformed', `a record of ${size} bytes at ${at}`)
  const end = at + FRAME_HEADER_SIZE + size
  return end > bytes.length ? undefined : end
}

/** Little-endian. A view of its own for each record would take as long as the checksum. */
function u32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}
