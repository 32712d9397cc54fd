import { CapnpError } from './capnp-read.ts'

const WORD = 8
/** Segments of a message; Core's have a few. */
const MAX_SEGMENTS = 512
/** A block has 4 MB, the ids of a full mempool 30 MB of text. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** Cuts a stream into messages of Cap'n Proto, with their tables of segments. What is not whole waits. */
export class Frames {
  #chunks: Uint8Array[] = []
  #bytes = 0
  /** Length of the frame that begins the chunks, bytes; undefined before its table is there. */
  #wanted: number | undefined

  /**
   * Takes a chunk of the stream; answers the frames that are whole now.
   * @throws {CapnpError} for one that is too big
   */
  take(chunk: Uint8Array): readonly Uint8Array[] {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    const frames: Uint8Array[] = []
    for (;;) {
      this.#wanted ??= this.#length()
      if (this.#wanted === undefined || this.#bytes < this.#wanted) return frames
      frames.push(this.#cut(this.#wanted))
      this.#wanted = undefined
    }
  }

  /** Undefined while the table of segments is not whole. */
  #length(): number | undefined {
    if (this.#bytes < 4) return undefined
    const count = this.#peek(4).getUint32(0, true) + 1
    if (count > MAX_SEGMENTS) throw new CapnpError(`a message of ${count} segments`)
    const table = WORD * Math.ceil((4 + 4 * count) / WORD)
    if (this.#bytes < table) return undefined
    const view = this.#peek(table)
    let length = table
    for (let index = 0; index < count; index++) length += WORD * view.getUint32(4 + 4 * index, true)
    if (length > MAX_FRAME_BYTES) throw new CapnpError(`a message of ${length} bytes`)
    return length
  }

  /** The first bytes, of which there are so many. */
  #peek(length: number): DataView {
    if (this.#chunks[0]!.length < length) this.#chunks = [Buffer.concat(this.#chunks)]
    const first = this.#chunks[0]!
    return new DataView(first.buffer, first.byteOffset, first.length)
  }

  #cut(length: number): Uint8Array {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    const rest = all.subarray(length)
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#bytes = rest.length
    return all.subarray(0, length)
  }
}
