import { type CipherState, TAG_BYTES } from './cipher-state.ts'
import { NoiseError } from './errors.ts'
import { freshBytes } from './fresh-bytes.ts'
import { StreamBuffer } from './stream-buffer.ts'
import {
  checkWholeFrame,
  FRAME_HEADER_BYTES,
  MAX_BLOCK_BYTES,
  MAX_PAYLOAD_BYTES,
  payloadLength,
  type Transport,
} from './transport.ts'

/** Ciphertext of a frame header: what a receiver reads first (docs/wire.md §3.3.4). */
export const SEALED_HEADER_BYTES = FRAME_HEADER_BYTES + TAG_BYTES

const EMPTY = new Uint8Array(0)
// Scratch for one header; nothing else runs between opening a header and using it.
const header = new Uint8Array(FRAME_HEADER_BYTES)

/** Both directions of a finished handshake, and the largest payload accepted. */
export interface TransportKeys {
  readonly send: CipherState
  readonly receive: CipherState
  /** Bytes; U24 maximum unless said otherwise. */
  readonly maxPayloadBytes?: number
}

/** Ciphertext bytes of a payload: blocks of 65519 plaintext bytes with a tag each (docs/wire.md §3.3.4). */
export function sealedPayloadBytes(payloadBytes: number): number {
  return payloadBytes + TAG_BYTES * Math.ceil(payloadBytes / MAX_BLOCK_BYTES)
}

/**
 * The transport of the current edition: per frame a sealed header of 22 bytes, then the payload in blocks of
 * 65519. Every piece that `open` gives is exactly one whole frame.
 *
 * Receiving has two states: between frames, where the next unit is a header, and inside a frame whose payload
 * was not whole when its header came. A frame that lies whole in one chunk never enters the second: it is
 * opened straight into the buffer shared by all frames of the chunk. The others collect in a buffer of their
 * own, which grows with what has arrived, not with what was announced.
 */
export class FramedTransport implements Transport {
  readonly #send: CipherState
  readonly #receive: CipherState
  #maxPayloadBytes: number
  readonly #waiting = new StreamBuffer()
  /** Plaintext of the frame being collected: its header and the blocks opened so far. */
  #frame: Uint8Array = EMPTY
  #filled = 0
  /** Payload bytes of that frame still to be opened; 0 between frames. */
  #missing = 0
  #failure: unknown

  constructor(keys: TransportKeys) {
    this.#send = keys.send
    this.#receive = keys.receive
    this.#maxPayloadBytes = keys.maxPayloadBytes ?? MAX_PAYLOAD_BYTES
    this.#failure = undefined
  }

  get heldBytes(): number {
    return this.#waiting.capacity + this.#frame.length
  }

  takeAtMost(payloadBytes: number): void {
    this.#maxPayloadBytes = payloadBytes
  }

  seal(frames: readonly Uint8Array[]): Uint8Array {
    let length = 0
    for (const frame of frames) {
      checkWholeFrame(frame)
      length += SEALED_HEADER_BYTES + sealedPayloadBytes(frame.length - FRAME_HEADER_BYTES)
    }
    const out = freshBytes(length)
    let at = 0
    for (const frame of frames) {
      this.#send.seal(frame.subarray(0, FRAME_HEADER_BYTES), out.subarray(at, at + SEALED_HEADER_BYTES))
      at += SEALED_HEADER_BYTES
      for (let from = FRAME_HEADER_BYTES; from < frame.length; from += MAX_BLOCK_BYTES) {
        const block = frame.subarray(from, from + MAX_BLOCK_BYTES)
        this.#send.seal(block, out.subarray(at, at + block.length + TAG_BYTES))
        at += block.length + TAG_BYTES
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
    const pieces: Uint8Array[] = []
    let at = 0
    let out: Uint8Array | undefined
    let outAt = 0
    for (;;) {
      const need =
        this.#missing === 0 ? SEALED_HEADER_BYTES : Math.min(this.#missing, MAX_BLOCK_BYTES) + TAG_BYTES
      let unit: Uint8Array
      if (this.#waiting.length === 0 && chunk.length - at >= need) {
        unit = chunk.subarray(at, at + need)
        at += need
      } else {
        at += this.#waiting.fill(chunk, at, need)
        if (this.#waiting.length < need) return pieces
        unit = this.#waiting.take()
      }
      if (this.#missing > 0) {
        this.#collect(unit)
        if (this.#missing === 0) pieces.push(this.#takeFrame())
        continue
      }
      const payload = this.#openHeader(unit)
      const sealed = sealedPayloadBytes(payload)
      if (chunk.length - at < sealed) {
        this.#startFrame(payload)
        continue
      }
      // Every frame left in this chunk fits: its ciphertext is longer than its plaintext.
      out ??= freshBytes(FRAME_HEADER_BYTES + chunk.length - at)
      out.set(header, outAt)
      this.#openPayload(chunk.subarray(at, at + sealed), out, outAt + FRAME_HEADER_BYTES)
      at += sealed
      const end = outAt + FRAME_HEADER_BYTES + payload
      pieces.push(out.subarray(outAt, end))
      outAt = end
    }
  }

  /** Opens a header into the scratch buffer and gives the payload's length. */
  #openHeader(unit: Uint8Array): number {
    this.#receive.open(unit, header)
    const payload = payloadLength(header)
    if (payload > this.#maxPayloadBytes) {
      const limit = this.#maxPayloadBytes
      throw new NoiseError(
        'frame-too-large',
        `a payload of ${payload} bytes is announced, the limit is ${limit}`,
      )
    }
    return payload
  }

  #openPayload(sealed: Uint8Array, out: Uint8Array, at: number): void {
    let to = at
    for (let from = 0; from < sealed.length; from += MAX_BLOCK_BYTES + TAG_BYTES) {
      const block = sealed.subarray(from, from + MAX_BLOCK_BYTES + TAG_BYTES)
      const end = to + block.length - TAG_BYTES
      this.#receive.open(block, out.subarray(to, end))
      to = end
    }
  }

  #startFrame(payload: number): void {
    this.#frame = header.slice()
    this.#filled = FRAME_HEADER_BYTES
    this.#missing = payload
  }

  #collect(block: Uint8Array): void {
    const end = this.#filled + block.length - TAG_BYTES
    if (end > this.#frame.length) {
      const whole = this.#filled + this.#missing
      const grown = new Uint8Array(Math.min(whole, Math.max(end, this.#frame.length * 2)))
      grown.set(this.#frame.subarray(0, this.#filled), 0)
      this.#frame = grown
    }
    this.#receive.open(block, this.#frame.subarray(this.#filled, end))
    this.#missing -= end - this.#filled
    this.#filled = end
  }

  #takeFrame(): Uint8Array {
    const frame = this.#frame
    this.#frame = EMPTY
    this.#filled = 0
    return frame
  }
}
