/** Why a frame is not a message of this edition, or a message has no frame in it. */
export type EditionErrorCode =
  /** A message of a sub-protocol other than the one set up. */
  | 'wrong-protocol'
  /** A message that only the other side sends. */
  | 'wrong-direction'
  /** The edition has no way to say this (encoder only). */
  | 'unrepresentable'
  /** Something came before SetupConnection. */
  | 'setup-expected'

/** The error of this package: decoding, the peer broke the protocol; encoding, the message does not exist here. */
export class EditionError extends Error {
  readonly code: EditionErrorCode
  readonly detail: string

  constructor(code: EditionErrorCode, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'EditionError'
    this.code = code
    this.detail = detail
  }
}
