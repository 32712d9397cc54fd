import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '@sv2/bitcoin'
import { ByteWriter, crc32c } from '@sv2/journal'
import { writeFileSafelySync } from '../write-file-safely.ts'
import { isSegment, segmentPath } from './segment-files.ts'
import { SegmentReader } from './segment-reader.ts'

const MAGIC = new TextEncoder().encode('SV2SNAPS')
const HEADER_SIZE = 48
const CRC_AT = 8
const CRC_FROM = 12
const NAME = /^(\d{8})\.snapshot$/
/** The newest, and one for the case that it is broken. */
const KEPT = 2

/** What a reader of a journal knew when it had read all segments before one. */
export interface JournalSnapshot {
  /** Number of the segment that is to be read next. */
  readonly segment: number
  /** What the reader knew, in a form of its own. */
  readonly content: Uint8Array
}

/** A snapshot that is not used, and why. */
export interface IgnoredSnapshot {
  readonly file: string
  readonly reason: string
}

/**
 * Writes a snapshot beside the journal's segments, and removes older ones but the last. Its header: magic · CRC-32C u32 of all
 * behind · version u16 · zeros · segment u32 · first sequence of it u64 · pool id · length u32.
 * @param version of the content's form
 * @throws what the disk throws
 */
export function writeSnapshot(folder: string, { segment, content }: JournalSnapshot, version: number): void {
  writeFileSafelySync(snapshotPath(folder, segment), encode(folder, { segment, content }, version))
  for (const number of snapshotSegments(folder).slice(0, -KEPT)) rmSync(snapshotPath(folder, number))
}

/** The segments that snapshots in a folder stand in front of, in order. */
export function snapshotSegments(folder: string): number[] {
  return readdirSync(folder)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/**
 * The newest good snapshots first; those that cannot be used are told of.
 * @param version of the content's form that the reader takes
 */
export function* snapshotsOf(
  folder: string,
  version: number,
  ignored: (snapshot: IgnoredSnapshot) => void,
): Generator<JournalSnapshot> {
  for (const segment of snapshotSegments(folder).reverse()) {
    const file = snapshotPath(folder, segment)
    const read = decode(folder, segment, version)
    if (typeof read === 'string') ignored({ file, reason: read })
    else yield { segment, content: read }
  }
}

function snapshotPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, '0')}.snapshot`)
}

function encode(folder: string, { segment, content }: JournalSnapshot, version: number): Uint8Array {
  const { firstSequence, poolId } = headerOf(folder, segment)
  const out = new ByteWriter(HEADER_SIZE + content.length)
  out.bytes(MAGIC)
  out.u32(0)
  out.u16(version)
  out.u16(0)
  out.u32(segment)
  out.count(firstSequence)
  out.bytes(poolId)
  out.u32(content.length)
  out.bytes(content)
  out.putU32(CRC_AT, out.crc32c(CRC_FROM))
  return out.written
}

/** The content; or what is wrong with it. */
function decode(folder: string, segment: number, version: number): Uint8Array | string {
  const bytes = new Uint8Array(readFileSync(snapshotPath(folder, segment)))
  if (bytes.length < HEADER_SIZE || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC))
    return 'it is not a snapshot'
  const view = new DataView(bytes.buffer)
  if (crc32c(bytes, CRC_FROM) !== view.getUint32(CRC_AT, true)) return 'its checksum is wrong'
  if (view.getUint16(CRC_FROM, true) !== version)
    return `it has version ${view.getUint16(CRC_FROM, true)}, and this program reads ${version}`
  if (!isSegment(segmentPath(folder, segment))) return 'the journal ends before it'
  const expected = encode(folder, { segment, content: bytes.subarray(HEADER_SIZE) }, version)
  return equalBytes(bytes, expected) ? bytes.slice(HEADER_SIZE) : 'it is of another journal'
}

function headerOf(folder: string, segment: number) {
  const reader = new SegmentReader(segmentPath(folder, segment))
  reader.close()
  return reader.header
}
