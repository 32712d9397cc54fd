import { CodecError } from './errors.ts'
import { decodeHeader, type Frame, type FrameHeader, HEADER_SIZE, MAX_PAYLOAD_SIZE } from './frame.ts'

/** What an unfinished payload gets at first; it doubles as bytes arrive, never ahead of the peer by more. */
const FIRST_ALLOCATION = 1024

/**
 * Cuts a byte stream into frames, whatever way the stream was cut into chunks. A frame that lies whole in a
 * chunk is a view into that chunk; only a frame that crosses chunks is copied, once on average.
 *
 * State: the bytes of an unfinished header, or a header and the payload bytes so far.
 */
export class FrameSplitter {
  #maxPayload: number
  readonly #headerBytes: Uint8Array
  #headerFill: number
  #header: FrameHeader | undefined
  #payload: Uint8Array
  #payloadFill: number
  #failure: CodecError | undefined

  /** `maxPayload`: the longest payload taken, in bytes. */
  constructor({ maxPayload = MAX_PAYLOAD_SIZE }: { maxPayload?: number } = {}) {
    this.#maxPayload = maxPayload
    this.#headerBytes = new Uint8Array(HEADER_SIZE)
    this.#headerFill = 0
    this.#header = undefined
    this.#payload = NOTHING
    this.#payloadFill = 0
    this.#failure = undefined
  }

  /** True in the middle of a frame: a stream that ends now was cut off. */
  get pending(): boolean {
    return this.#headerFill > 0 || this.#header !== undefined
  }

  /** Memory of a payload that is not whole yet, bytes. */
  get heldBytes(): number {
    return this.#payload.length
  }

  /** From now on no payload longer than this is taken, bytes. */
  takeAtMost(maxPayload: number): void {
    this.#maxPayload = maxPayload
  }

  /**
   * Takes the next chunk and returns the frames it completes, in order. The chunk must stay unchanged for as
   * long as those frames are in use.
   * @throws {CodecError} frame-too-long as soon as the header says so, and from then on
   */
  push(chunk: Uint8Array): Frame[] {
    if (this.#failure !== undefined) throw this.#failure
    const frames: Frame[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#header === undefined) at = this.#takeHeader(chunk, at)
      if (this.#header !== undefined) at = this.#takePayload(this.#header, chunk, at, frames)
    }
    return frames
  }

  #takeHeader(chunk: Uint8Array, at: number): number {
    if (this.#headerFill === 0 && chunk.length - at >= HEADER_SIZE) {
      this.#header = this.#checked(decodeHeader(chunk, at))
      return at + HEADER_SIZE
    }
    const end = Math.min(chunk.length, at + HEADER_SIZE - this.#headerFill)
    this.#headerBytes.set(chunk.subarray(at, end), this.#headerFill)
    this.#headerFill += end - at
    if (this.#headerFill === HEADER_SIZE) {
      this.#header = this.#checked(decodeHeader(this.#headerBytes))
      this.#headerFill = 0
    }
    return end
  }

  #takePayload(header: FrameHeader, chunk: Uint8Array, at: number, frames: Frame[]): number {
    const wanted = header.payloadLength - this.#payloadFill
    const end = Math.min(chunk.length, at + wanted)
    if (this.#payloadFill === 0 && end - at === wanted) {
      this.#finish(header, chunk.subarray(at, end), frames)
      return end
    }
    this.#store(chunk.subarray(at, end), header.payloadLength)
    if (this.#payloadFill === header.payloadLength) this.#finish(header, this.#payload, frames)
    return end
  }

  #store(part: Uint8Array, payloadLength: number): void {
    const needed = this.#payloadFill + part.length
    if (needed > this.#payload.length) {
      // never the announced length at once: a header costs the peer 6 bytes, not 16 million
      const size = Math.min(payloadLength, Math.max(needed, this.#payload.length * 2, FIRST_ALLOCATION))
      const grown = new Uint8Array(size)
      grown.set(this.#payload.subarray(0, this.#payloadFill))
      this.#payload = grown
    }
    this.#payload.set(part, this.#payloadFill)
    this.#payloadFill = needed
  }

  #finish({ extensionType, channelMsg, msgType }: FrameHeader, payload: Uint8Array, frames: Frame[]): void {
    frames.push({ extensionType, channelMsg, msgType, payload })
    this.#header = undefined
    this.#payload = NOTHING
    this.#payloadFill = 0
  }

  #checked(header: FrameHeader): FrameHeader {
    if (header.payloadLength <= this.#maxPayload) return header
    this.#failure = new CodecError(
      'frame-too-long',
      `message 0x${header.msgType.toString(16)} announces ${header.payloadLength} bytes, ${this.#maxPayload} allowed`,
    )
    throw this.#failure
  }
}

const NOTHING = new Uint8Array(0)
