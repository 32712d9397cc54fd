import type { Capabilities } from '@sv2/messages'

/**
 * What one connection speaks: chunks in and messages out, messages in and bytes out. Messages are what the role behind
 * the port knows: a role that has doors of several protocols keeps their sessions apart by port.
 */
export interface Wire {
  /** For logs: the edition of Stratum V2, or `v1`. */
  readonly edition: string
  readonly capabilities: Capabilities
  /**
   * The messages that a chunk completes, in order, each read when it is asked for. Throws what `blames` knows.
   * @param note hears of what the peer spells in a way of its own, and was understood all the same
   */
  read(chunk: Uint8Array, note: (text: string) => void): Iterator<unknown>
  /**
   * Appends what says a message, each piece as `seal` takes it; the bytes may be shared with other connections. Throws
   * what `refuses` knows.
   */
  encode(message: unknown, pieces: Uint8Array[]): void
  /** Memory of what the peer has sent of a message that is not whole yet, bytes. */
  readonly heldBytes: number
  /** Whether a message of the peer ends the time it has to say who it is. */
  isSetup(message: unknown): boolean
  /** Whether a message of the peer is a share: what is behind it is read the same way, whatever the answer is. */
  isShare(message: unknown): boolean
  /** Whether a message of ours says that the peer works, or has what it came for. */
  provesWork(message: unknown): boolean
  /** The bytes to write for one or more encoded messages. */
  seal(encoded: Uint8Array[]): Uint8Array
  /** Whether an error of `read` is the peer's fault; any other is ours. */
  blames(error: unknown): error is Error
  /** Whether an error of `encode` says that the message cannot be said here; any other is ours. */
  refuses(error: unknown): error is Error
}
