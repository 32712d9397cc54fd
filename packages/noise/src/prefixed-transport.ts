import { type CipherState, TAG_BYTES } from './cipher-state.ts'
import { NoiseError } from './errors.ts'
import type { TransportKeys } from './framed-transport.ts'
import { freshBytes } from './fresh-bytes.ts'
import { StreamBuffer } from './stream-buffer.ts'
import { checkWholeFrame, MAX_BLOCK_BYTES, type Transport } from './transport.ts'

const PREFIX_BYTES = 2
/** What the prefix can say. */
const MAX_MESSAGE_BYTES = 0xffff
/** So many frames of the longest payload a message may hold, where their length is limited. */
const FRAMES_PER_MESSAGE = 3

/**
 * The transport of the 25519 edition: Noise messages behind a U16 LE length, whole frames inside
 * (docs/wire.md §3.2.5).
 *
 * A frame goes into one Noise message when it fits, since some peers read exactly one frame per message; a
 * larger one is split. Received plaintext is a stream: a message may hold part of a frame or several, so
 * `open` gives all that a chunk completes as one piece, and the frame splitter also holds the limit on their
 * size.
 */
export class PrefixedTransport implements Transport {
  readonly #send: CipherState
  readonly #receive: CipherState
  readonly #waiting = new StreamBuffer()
  #maxMessageBytes = MAX_MESSAGE_BYTES
  #failure: unknown

  constructor(keys: TransportKeys) {
    this.#send = keys.send
    this.#receive = keys.receive
    this.#failure = undefined
  }

  get heldBytes(): number {
    return this.#waiting.capacity
  }

  /** A message may hold a few frames, so a few times as much of it is taken. */
  takeAtMost(payloadBytes: number): void {
    this.#maxMessageBytes = Math.min(MAX_MESSAGE_BYTES, FRAMES_PER_MESSAGE * payloadBytes)
  }

  seal(frames: readonly Uint8Array[]): Uint8Array {
    let length = 0
    for (const frame of frames) {
      checkWholeFrame(frame)
      length += frame.length + (PREFIX_BYTES + TAG_BYTES) * Math.ceil(frame.length / MAX_BLOCK_BYTES)
    }
    const out = freshBytes(length)
    let at = 0
    for (const frame of frames) {
      for (let from = 0; from < frame.length; from += MAX_BLOCK_BYTES) {
        const block = frame.subarray(from, from + MAX_BLOCK_BYTES)
        const sealed = block.length + TAG_BYTES
        out[at] = sealed & 0xff
        out[at + 1] = sealed >>> 8
        this.#send.seal(block, out.subarray(at + PREFIX_BYTES, at + PREFIX_BYTES + sealed))
        at += PREFIX_BYTES + sealed
      }
    }
    return out
  }

  open(chunk: Uint8Array): Uint8Array[] {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#open(chunk)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  #open(chunk: Uint8Array): Uint8Array[] {
    let at = 0
    let out: Uint8Array | undefined
    let outAt = 0
    for (;;) {
      let message: Uint8Array
      const whole = this.#waiting.length === 0 ? this.#wholeMessageBytes(chunk, at) : 0
      if (whole > 0) {
        message = chunk.subarray(at + PREFIX_BYTES, at + whole)
        at += whole
      } else {
        at = this.#wait(chunk, at)
        if (!this.#isWhole()) break
        message = this.#waiting.take().subarray(PREFIX_BYTES)
      }
      out ??= freshBytes(message.length - TAG_BYTES + chunk.length - at)
      const end = outAt + message.length - TAG_BYTES
      this.#receive.open(message, out.subarray(outAt, end))
      outAt = end
    }
    return out === undefined || outAt === 0 ? [] : [out.subarray(0, outAt)]
  }

  #wait(chunk: Uint8Array, from: number): number {
    let at = from + this.#waiting.fill(chunk, from, PREFIX_BYTES)
    if (this.#waiting.length < PREFIX_BYTES) return at
    at += this.#waiting.fill(chunk, at, PREFIX_BYTES + this.#checkedLength(this.#waiting.peekUint16()))
    return at
  }

  #isWhole(): boolean {
    if (this.#waiting.length < PREFIX_BYTES) return false
    return this.#waiting.length === PREFIX_BYTES + this.#waiting.peekUint16()
  }

  /** Bytes of the message at `at`, prefix included, when it lies whole in the chunk; 0 otherwise. */
  #wholeMessageBytes(chunk: Uint8Array, at: number): number {
    if (chunk.length - at < PREFIX_BYTES) return 0
    const whole = PREFIX_BYTES + this.#checkedLength(chunk[at]! | (chunk[at + 1]! << 8))
    return chunk.length - at < whole ? 0 : whole
  }

  #checkedLength(length: number): number {
    if (length < TAG_BYTES)
      throw new NoiseError('bad-length', `a Noise message of ${length} bytes has no room for its tag`)
    if (length <= this.#maxMessageBytes) return length
    throw new NoiseError(
      'frame-too-large',
      `a Noise message of ${length} bytes is announced, the limit is ${this.#maxMessageBytes}`,
    )
  }
}
