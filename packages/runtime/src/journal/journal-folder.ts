import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hex, unhex } from '@sv2/bitcoin'
import { JournalError, SEGMENT_HEADER_SIZE } from '@sv2/journal'
import { writeFileSafelySync } from '../write-file-safely.ts'
import { segmentNumbers, segmentPath } from './segment-files.ts'
import { isDamage, SegmentReader } from './segment-reader.ts'

const ID_FILE = 'pool.id'

/** What a journal says when it is opened. */
export interface OpenedFolder {
  /** 16 bytes. */
  readonly poolId: Uint8Array
  /** Number of the segment to be begun. */
  readonly nextSegment: number
  readonly nextSequence: number
  /** What was behind the last whole record: it was cut off, and kept in a file beside. */
  readonly torn: { readonly file: string; readonly bytes: number; readonly reason: string } | undefined
}

/** Why a journal cannot be continued. */
export class JournalFolderError extends Error {
  override readonly name = 'JournalFolderError'
}

/**
 * Finds the end of a node's journal, and cuts off what a crash left behind its last whole record.
 * @throws {JournalFolderError} when the folder holds the journal of another pool or node, or one of another version
 */
export function openJournalFolder(folder: string, node: number, newId: () => Uint8Array): OpenedFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const numbers = segmentNumbers(folder)
  const poolId = poolIdOf(folder, newId, { isNew: numbers.length === 0 })
  const last = numbers.at(-1)
  if (last === undefined) return { poolId, nextSegment: 0, nextSequence: 0, torn: undefined }
  const path = segmentPath(folder, last)
  // a crash between the making of a file and its header leaves nothing to keep
  if (statSync(path).size < SEGMENT_HEADER_SIZE) {
    const before = numbers.at(-2)
    const end = before === undefined ? 0 : endOf(segmentPath(folder, before), { poolId, node }).nextSequence
    const torn = cutOff(path, 0, 'a segment without a header')
    // its number is used again: readers never meet a segment that says nothing of itself
    rmSync(path)
    return { poolId, nextSegment: last, nextSequence: end, torn }
  }
  const { nextSequence, offset, damage } = endOf(path, { poolId, node })
  const torn = damage === undefined ? undefined : cutOff(path, offset, damage)
  return { poolId, nextSegment: last + 1, nextSequence, torn }
}

/** Made when the first segment is, and kept: whose journal this is. */
function poolIdOf(
  folder: string,
  newId: () => Uint8Array,
  { isNew }: { readonly isNew: boolean },
): Uint8Array {
  const path = join(folder, ID_FILE)
  try {
    const text = readFileSync(path, 'utf8').trim()
    if (!/^[0-9a-f]{32}$/.test(text))
      throw new JournalFolderError(`${path} is not the id of a pool, 32 hexadecimal digits`)
    return unhex(text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  if (!isNew)
    throw new JournalFolderError(
      `${path} is missing, and there are segments: put it back from a backup; the first segment names it too`,
    )
  const id = newId()
  writeFileSafelySync(path, `${hex(id)}\n`)
  return id
}

function endOf(
  path: string,
  { poolId, node }: { readonly poolId: Uint8Array; readonly node: number },
): { readonly nextSequence: number; readonly offset: number; readonly damage: string | undefined } {
  const reader = open(path)
  try {
    const { header } = reader
    if (hex(header.poolId) !== hex(poolId))
      throw new JournalFolderError(`${path} is of another pool; give each pool a folder of its own`)
    if (header.node !== node)
      throw new JournalFolderError(
        `${path} was written by the node with server_id ${header.node}, and this one has ${node}; give each node a folder of its own`,
      )
    let nextSequence = header.firstSequence
    try {
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        if (frame.sequence !== nextSequence)
          return {
            nextSequence,
            offset: frame.start,
            damage: `record ${frame.sequence} behind ${nextSequence - 1}`,
          }
        nextSequence++
      }
    } catch (error) {
      if (!isDamage(error)) throw error
      return { nextSequence, offset: reader.offset, damage: error.message }
    }
    const { offset } = reader
    const damage = offset < statSync(path).size ? 'a record that is not whole' : undefined
    return { nextSequence, offset, damage }
  } finally {
    reader.close()
  }
}

function open(path: string): SegmentReader {
  try {
    return new SegmentReader(path)
  } catch (error) {
    if (!(error instanceof JournalError)) throw error
    const advice =
      error.code === 'version'
        ? 'use the program that wrote it, or another folder'
        : 'put it back from a backup, or use another folder'
    throw new JournalFolderError(`${path}: ${error.message}; ${advice}`, { cause: error })
  }
}

/** Cuts a file, and keeps what is cut off beside it: if it was more than a torn write, nothing is lost. */
function cutOff(path: string, offset: number, reason: string): OpenedFolder['torn'] {
  const rest = readFileSync(path).subarray(offset)
  const file = `${path}.torn`
  writeFileSync(file, rest, { mode: 0o600 })
  truncateSync(path, offset)
  return { file, bytes: rest.length, reason }
}
