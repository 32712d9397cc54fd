import { HEADER_SIZE } from '@sv2/bitcoin'
import { ByteWriter } from './byte-writer.ts'
import { JournalError } from './journal-error.ts'
import type { RecordReader } from './record-reader.ts'
import type { ShareRecord } from './records.ts'

/** The number of a share's record on disk. */
export const SHARE = 4
/** Extranonce bytes that a share's record has room for: what Stratum V2 allows at most. */
const EXTRANONCE_ROOM = 32
const TERMS_SIZE = 56
/** Bytes of a share's fields, without a frame. */
export const SHARE_SIZE = 21 + TERMS_SIZE + HEADER_SIZE + EXTRANONCE_ROOM
const ZEROS = new Uint8Array(EXTRANONCE_ROOM)

/** What all shares of one job at one difficulty have in common. */
export type ShareTerms = Pick<
  ShareRecord,
  'work' | 'networkWork' | 'rewardToPool' | 'rewardTotal' | 'distributionId'
>

/** A share's record, with its terms as `encodeShareTerms` made them. */
export interface SharePlaces
  extends Pick<ShareRecord, 'time' | 'job' | 'account' | 'worker' | 'header' | 'extranonce'> {
  readonly terms: Uint8Array
}

/** Terms as they stand in a record, 56 bytes. */
export function encodeShareTerms(terms: ShareTerms): Uint8Array {
  const out = new ByteWriter(TERMS_SIZE)
  out.u128(terms.work)
  out.u128(terms.networkWork)
  out.u64(terms.rewardToPool)
  out.u64(terms.rewardTotal)
  out.u64(terms.distributionId)
  return out.written
}

/** @throws {RangeError} when a field does not fit */
export function checkShare({ header, extranonce }: SharePlaces): void {
  if (extranonce.length > EXTRANONCE_ROOM) throw new RangeError(`extranonce of ${extranonce.length} bytes`)
  if (header.length !== HEADER_SIZE) throw new RangeError(`a header of ${header.length} bytes`)
}

/**
 * Appends a share's fields without a frame, for another process that gives it its place. @throws {RangeError} when a field does
 * not fit; then nothing is appended.
 */
export function appendShareFields(out: ByteWriter, share: SharePlaces): void {
  checkShare(share)
  writeShare(out, share)
}

/** Writes the fields of a share that was checked. */
export function writeShare(out: ByteWriter, share: SharePlaces): void {
  const { extranonce } = share
  out.count(share.time)
  out.u32(share.job)
  out.u32(share.account)
  out.u32(share.worker)
  out.bytes(share.terms)
  out.bytes(share.header)
  out.u8(extranonce.length)
  out.bytes(extranonce)
  if (extranonce.length < EXTRANONCE_ROOM) out.bytes(ZEROS.subarray(extranonce.length))
}

/** @throws {JournalError} malformed */
export function readShare(from: RecordReader): ShareRecord {
  const share = {
    kind: 'share',
    time: from.count(),
    job: from.u32(),
    account: from.u32(),
    worker: from.u32(),
    work: from.u128(),
    networkWork: from.u128(),
    rewardToPool: from.u64(),
    rewardTotal: from.u64(),
    distributionId: from.u64(),
    header: from.bytes(HEADER_SIZE),
  } as const
  const size = from.u8()
  if (size > EXTRANONCE_ROOM) throw new JournalError('malformed', `an extranonce of ${size} bytes`)
  const extranonce = from.bytes(EXTRANONCE_ROOM)
  for (let at = size; at < EXTRANONCE_ROOM; at++)
    if (extranonce[at] !== 0) throw new JournalError('malformed', 'bytes behind an extranonce')
  return { ...share, extranonce: extranonce.slice(0, size) }
}
