import { JournalError, SEGMENT_HEADER_SIZE } from '@sv2/journal'
import type { JournalPosition } from './journal-writer.ts'
import { isSegment, segmentNumbers, segmentPath } from './segment-files.ts'
import { SegmentReader, type StoredFrame } from './segment-reader.ts'

/** Where a tail begins, and what it tells besides records. */
export interface TailOptions {
  /** Number of the first segment that is read; that of the journal when missing. */
  readonly from?: number | undefined
  /** A segment is read to its end, and another one follows. */
  segmentEnded?(number: number): void
}

/**
 * Reads the journal of one node, over all its segments, while it is written. Blocks the thread it runs
 * in for as long as there is something to read.
 */
export class JournalTail {
  readonly #folder: string
  readonly #options: TailOptions
  #number: number | undefined
  #reader: SegmentReader | undefined
  /** Sequence of the next record. */
  #sequence = 0

  constructor(folder: string, options: TailOptions = {}) {
    this.#folder = folder
    this.#options = options
  }

  /** Sequence of the record that `read` gives next. */
  get sequence(): number {
    return this.#sequence
  }

  /**
   * The records up to a position, or up to the end of what is there. A position keeps a reader from what is not flushed yet.
   * @throws {JournalError} where the journal is damaged in front of its end, and what the disk throws
   */
  *read(until?: JournalPosition): Generator<StoredFrame> {
    for (let reader = this.#open(); reader !== undefined; reader = this.#open()) {
      yield* this.#readSegment(reader, until)
      if (until !== undefined && this.#sequence >= until.sequence) return
      const end = this.#nextFirst()
      if (end === undefined) return
      if (this.#sequence < end)
        throw new JournalError(
          'truncated',
          `segment ${this.#number} ends at ${this.#sequence}, the next begins at ${end}`,
        )
      reader.close()
      this.#options.segmentEnded?.(this.#number!)
      this.#reader = undefined
      this.#number = this.#number! + 1
    }
  }

  *#readSegment(reader: SegmentReader, until: JournalPosition | undefined): Generator<StoredFrame> {
    const end = Math.min(
      until?.sequence ?? Number.POSITIVE_INFINITY,
      this.#nextFirst() ?? Number.POSITIVE_INFINITY,
    )
    while (this.#sequence < end) {
      const frame = reader.next()
      if (frame === undefined) return
      if (frame.sequence !== this.#sequence)
        throw new JournalError('malformed', `record ${frame.sequence} where ${this.#sequence} was to come`)
      this.#sequence++
      yield frame
    }
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }

  #open(): SegmentReader | undefined {
    if (this.#reader !== undefined) return this.#reader
    this.#number ??= this.#options.from ?? segmentNumbers(this.#folder)[0]
    if (this.#number === undefined) return undefined
    const path = segmentPath(this.#folder, this.#number)
    if (!isSegment(path)) return undefined
    this.#reader = new SegmentReader(path, SEGMENT_HEADER_SIZE)
    this.#sequence = this.#reader.header.firstSequence
    return this.#reader
  }

  /** Sequence at which the next segment begins: what this one holds beyond was never acknowledged. */
  #nextFirst(): number | undefined {
    const path = segmentPath(this.#folder, this.#number! + 1)
    if (!isSegment(path)) return undefined
    const next = new SegmentReader(path)
    next.close()
    return next.header.firstSequence
  }
}
