/**
 * A finished connection's two directions, without sockets. Bytes to send come out of `seal`; bytes received
 * go into `open`, cut anywhere. After any throw of `open` the connection has to be closed: the same error is
 * thrown again.
 */
export interface Transport {
  /**
   * Seals whole Stratum frames (header and payload), one after the other, into one fresh buffer: one write
   * for all.
   * @throws {RangeError} when a frame is not what its header says · {NoiseError} nonce-exhausted
   */
  seal(frames: readonly Uint8Array[]): Uint8Array
  /**
   * Opens what can be opened of the stream so far. The pieces, concatenated over all calls, are the peer's
   * stream of Stratum frames. Pieces share no memory with `chunk`, except those of the plain transport. A
   * piece kept for long may keep 4 kB alive, or all frames of its chunk: copy what has to last.
   * @throws {NoiseError} bad-mac · bad-length · frame-too-large · nonce-exhausted
   */
  open(chunk: Uint8Array): Uint8Array[]
  /** From now on no payload longer than this is taken, bytes; where frames are cut elsewhere, no unit far longer. */
  takeAtMost(payloadBytes: number): void
  /** Memory of what the peer has sent of a unit that is not whole yet, bytes. */
  readonly heldBytes: number
}

/** Bytes of a Stratum frame header (docs/wire.md §3.1). */
export const FRAME_HEADER_BYTES = 6

/** The largest plaintext of one Noise message: 65535 less the tag (Noise §3). */
export const MAX_BLOCK_BYTES = 65519

/** The largest payload a U24 length can announce. */
export const MAX_PAYLOAD_BYTES = 0xff_ffff

/** `msg_length` of a frame header: U24, little-endian, at offset 3. */
export function payloadLength(header: Uint8Array): number {
  return header[3]! | (header[4]! << 8) | (header[5]! << 16)
}

/**
 * @throws {RangeError} when `frame` is not one whole Stratum frame; that is our own mistake, never the
 * peer's.
 */
export function checkWholeFrame(frame: Uint8Array): void {
  if (frame.length < FRAME_HEADER_BYTES || payloadLength(frame) !== frame.length - FRAME_HEADER_BYTES) {
    throw new RangeError(`${frame.length} bytes are not one whole frame`)
  }
}
