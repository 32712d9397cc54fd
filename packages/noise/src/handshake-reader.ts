import { NoiseError } from './errors.ts'
import { StreamBuffer } from './stream-buffer.ts'

/**
 * Cuts handshake messages out of the stream: of a fixed length, or behind a U16 LE prefix.
 * Lengths are checked as soon as they are known, so that nothing long is ever collected.
 */
export class HandshakeReader {
  readonly #waiting = new StreamBuffer()
  #rest: Uint8Array = new Uint8Array(0)

  /** Gives the reader the next bytes of the stream; call before `fixed` or `prefixed`. */
  push(chunk: Uint8Array): void {
    this.#rest = chunk
  }

  /** Bytes behind the last message taken, as a copy. */
  takeRest(): Uint8Array {
    // Not `slice`: of a Node Buffer that would be a view, kept alive and maybe reused by the socket.
    const rest = new Uint8Array(this.#rest)
    this.#rest = this.#rest.subarray(this.#rest.length)
    return rest
  }

  /** The next `length` bytes, or undefined while they are not all there. */
  fixed(length: number): Uint8Array | undefined {
    this.#fill(length)
    return this.#waiting.length < length ? undefined : this.#waiting.take().slice()
  }

  /**
   * The next message behind a U16 prefix, without it; undefined while it is not all there.
   * `check` throws for a length that cannot be.
   */
  prefixed(check: (length: number) => void): Uint8Array | undefined {
    this.#fill(2)
    if (this.#waiting.length < 2) return undefined
    const length = this.#waiting.peekUint16()
    check(length)
    return this.fixed(2 + length)?.subarray(2)
  }

  #fill(need: number): void {
    const taken = this.#waiting.fill(this.#rest, 0, need)
    this.#rest = this.#rest.subarray(taken)
  }
}

/** A handshake message behind its U16 LE length (docs/wire.md §3.2.2). */
export function withPrefix(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + message.length)
  bytes[0] = message.length & 0xff
  bytes[1] = message.length >>> 8
  bytes.set(message, 2)
  return bytes
}

/** @throws {NoiseError} bad-length when a message has none of the lengths its act may have */
export function requireLength(length: number, allowed: readonly number[], act: string): void {
  if (allowed.includes(length)) return
  throw new NoiseError('bad-length', `${act} has ${length} bytes instead of ${allowed.join(' or ')}`)
}
