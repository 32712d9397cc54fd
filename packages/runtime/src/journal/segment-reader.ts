import { closeSync, openSync, readSync } from 'node:fs'
import {
  decodeSegmentHeader,
  FRAME_HEADER_SIZE,
  type Frame,
  frameEnd,
  JournalError,
  readFrame,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
} from '@sv2/journal'

/** Bytes read at one time. */
const CHUNK = 1024 * 1024

/** A record in a segment, and its bytes there. */
export interface StoredFrame extends Frame {
  /** Offset of the record in the file. */
  readonly start: number
  /** With the frame. A view that the next record makes invalid. */
  readonly bytes: Uint8Array
}

/** Reads a segment file from its front to its back. Blocks: for a thread of its own, and for the start of a process. */
export class SegmentReader {
  readonly header: SegmentHeader
  readonly #file: number
  #buffer = new Uint8Array(0)
  /** Offset of the buffer in the file. */
  #base: number
  #at = 0

  /**
   * @param from offset of a record; behind the header when missing
   * @throws {JournalError} when the file is not a segment, and what the disk throws
   */
  constructor(path: string, from: number = SEGMENT_HEADER_SIZE) {
    this.#file = openSync(path, 'r')
    try {
      const header = new Uint8Array(SEGMENT_HEADER_SIZE)
      const size = readSync(this.#file, header, 0, SEGMENT_HEADER_SIZE, 0)
      this.header = decodeSegmentHeader(header.subarray(0, size))
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
    this.#base = from
  }

  /** Offset of the next record. */
  get offset(): number {
    return this.#base + this.#at
  }

  /**
   * The next record; undefined at the end of the file, or inside of a record that is not all there yet.
   * @throws {JournalError} checksum or malformed
   */
  next(): StoredFrame | undefined {
    if (!this.#hasFrame()) return undefined
    const start = this.offset
    const frame = readFrame(this.#buffer, this.#at)
    const bytes = this.#buffer.subarray(this.#at, frame.end)
    this.#at = frame.end
    return { ...frame, end: this.offset, start, bytes }
  }

  /** The bytes of the next record with its frame. They are not read: `next` takes ten times as long. @throws {JournalError} malformed */
  nextBytes(): Uint8Array | undefined {
    if (!this.#hasFrame()) return undefined
    const start = this.#at
    this.#at = frameEnd(this.#buffer, start)!
    return this.#buffer.subarray(start, this.#at)
  }

  close(): void {
    closeSync(this.#file)
  }

  /** Whether the next record is all there. */
  #hasFrame(): boolean {
    if (!this.#has(FRAME_HEADER_SIZE)) return false
    if (frameEnd(this.#buffer, this.#at) !== undefined) return true
    const { buffer, byteOffset } = this.#buffer
    const size = new DataView(buffer, byteOffset + this.#at).getUint32(0, true)
    return this.#has(FRAME_HEADER_SIZE + size)
  }

  /** Sees to it that so many bytes are in the buffer; false when the file does not have them. */
  #has(size: number): boolean {
    while (this.#buffer.length - this.#at < size) {
      const rest = this.#buffer.subarray(this.#at)
      const grown = new Uint8Array(rest.length + Math.max(CHUNK, size))
      grown.set(rest)
      const read = readSync(
        this.#file,
        grown,
        rest.length,
        grown.length - rest.length,
        this.#base + this.#at + rest.length,
      )
      this.#base += this.#at
      this.#at = 0
      this.#buffer = grown.subarray(0, rest.length + read)
      if (read === 0) return this.#buffer.length >= size
    }
    return true
  }
}

/** Whether what went wrong is the bytes, not the disk. */
export function isDamage(error: unknown): error is JournalError {
  return error instanceof JournalError
}
