import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { hex, unhex } from '@sv2/bitcoin'
import { chainRoot, RECORDS_PER_LEAF, RecordLeaves, SegmentRootMaker } from '@sv2/journal'
import { fastSha256, writeFileSafelySync } from '@sv2/runtime'
import { isSegment, SegmentReader, segmentNumbers, segmentPath } from '@sv2/runtime/journal'

/** Roots of a closed segment, hex. */
export interface SegmentRoot {
  readonly records: number
  /** Of every leaf but the last. */
  readonly recordsPerLeaf: number
  /** Merkle root over its records with their frames, sixteen to a leaf (RFC 6962). */
  readonly root: string
  /** SHA-256 of the chained root of the segment before and this root; zeros stand before the first. */
  readonly chainedRoot: string
  /** The segment, where it is no longer kept. */
  readonly removed?: SegmentInfo
}

/** What is known of a segment without reading its records. */
export interface SegmentInfo {
  readonly node: number
  readonly number: number
  readonly firstSequence: number
  /** Undefined while it is open. */
  readonly records: number | undefined
  readonly bytes: number
  /** Unix ms; undefined while it is open. */
  readonly closedAt: number | undefined
  readonly poolId: string
}

const ROOT_NAME = /^(\d{8})\.root$/
const NOTHING_BEFORE = new Uint8Array(32)

/** The roots of the segments of a folder. Each is computed one time, and kept in a file beside its segment. */
export class SegmentRoots {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Numbers of all segments, in order: those that are no longer kept have their root. */
  numbers(): number[] {
    const kept = this.keptNumbers()
    const [first = 0] = kept
    const roots = readdirSync(this.#folder).flatMap((name) => Number(ROOT_NAME.exec(name)?.[1] ?? first))
    return [...roots.filter((number) => number < first).sort((a, b) => a - b), ...kept]
  }

  /** Numbers of the segments whose records are there, in order. */
  keptNumbers(): number[] {
    return segmentNumbers(this.#folder).filter((number) => isSegment(segmentPath(this.#folder, number)))
  }

  /** Its records can be read. */
  isKept(number: number): boolean {
    return isSegment(segmentPath(this.#folder, number))
  }

  /** Removes the records of a segment, and keeps its root; false when that is not known yet. */
  remove(number: number): boolean {
    const root = this.known(number)
    const info = this.info(number)
    if (root === undefined || info === undefined) return false
    writeFileSafelySync(this.#rootPath(number), `${JSON.stringify({ ...root, removed: info })}\n`)
    rmSync(segmentPath(this.#folder, number))
    return true
  }

  /** Undefined when there is no such segment. */
  info(number: number): SegmentInfo | undefined {
    const path = segmentPath(this.#folder, number)
    if (!isSegment(path)) return this.known(number)?.removed
    const { node, firstSequence, poolId } = headerOf(path)
    const after = segmentPath(this.#folder, number + 1)
    const end = isSegment(after) ? headerOf(after).firstSequence : undefined
    const { size, mtimeMs } = statSync(path)
    return {
      node,
      number,
      firstSequence,
      records: end === undefined ? undefined : end - firstSequence,
      bytes: size,
      closedAt: end === undefined ? undefined : Math.floor(mtimeMs),
      poolId: hex(poolId),
    }
  }

  /** The root that was computed before; undefined while that is still to be done, or the segment is open. */
  known(number: number): SegmentRoot | undefined {
    try {
      const root = JSON.parse(readFileSync(this.#rootPath(number), 'utf8')) as SegmentRoot
      // one of a version that made other leaves is computed anew
      return root.recordsPerLeaf === RECORDS_PER_LEAF ? root : undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Computes the oldest root that is missing; false when none is. @throws {JournalError} where the segment is damaged */
  computeNext(): boolean {
    for (const number of this.keptNumbers()) {
      const records = this.info(number)?.records
      if (records === undefined || this.known(number) !== undefined) continue
      const maker = new SegmentRootMaker(fastSha256)
      for (const bytes of this.frames(number)) maker.take(bytes)
      const root = maker.root()
      const before = this.known(number - 1)
      const chained = chainRoot(before === undefined ? NOTHING_BEFORE : unhex(before.chainedRoot), root)
      const made: SegmentRoot = {
        records,
        recordsPerLeaf: RECORDS_PER_LEAF,
        root: hex(root),
        chainedRoot: hex(chained),
      }
      writeFileSafelySync(this.#rootPath(number), `${JSON.stringify(made)}\n`)
      return true
    }
    return false
  }

  /** Hashes of the leaves of a segment. */
  *leaves(number: number): Generator<Uint8Array> {
    const leaves = new RecordLeaves(fastSha256)
    for (const bytes of this.frames(number)) {
      const leaf = leaves.take(bytes)
      if (leaf !== undefined) yield leaf
    }
    const last = leaves.end()
    if (last !== undefined) yield last
  }

  /** The records of a segment with their frames, as far as they count. Views that the next one makes invalid. */
  *frames(number: number): Generator<Uint8Array> {
    const records = this.info(number)?.records ?? Number.POSITIVE_INFINITY
    const reader = new SegmentReader(segmentPath(this.#folder, number))
    try {
      for (let n = 0; n < records; n++) {
        const bytes = reader.nextBytes()
        if (bytes === undefined) return
        yield bytes
      }
    } finally {
      reader.close()
    }
  }

  #rootPath(number: number): string {
    return segmentPath(this.#folder, number).replace(/journal$/, 'root')
  }
}

function headerOf(path: string) {
  const reader = new SegmentReader(path)
  reader.close()
  return reader.header
}
