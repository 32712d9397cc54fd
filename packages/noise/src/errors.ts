/** Why the secured transport refuses what a peer sent, or a key text that was configured. A closed list. */
export type NoiseErrorCode =
  | 'bad-length'
  | 'bad-mac'
  | 'bad-key'
  | 'bad-certificate-signature'
  | 'certificate-version'
  | 'certificate-not-yet-valid'
  | 'certificate-expired'
  | 'nonce-exhausted'
  | 'frame-too-large'
  | 'prelude-refused'
  | 'prelude-magic'
  | 'prelude-no-common-cipher'
  | 'prelude-bad-choice'
  | 'authority-key-checksum'
  | 'authority-key-length'
  | 'authority-key-version'
  | 'pool-url'

/**
 * The one error of this package: bytes of the peer (or a key text of the operator) are wrong, by `code`.
 * After it the connection has to be closed (docs/wire.md SEC-05). Mistakes of our own code are
 * `TypeError` and `RangeError` instead.
 */
export class NoiseError extends Error {
  override readonly name = 'NoiseError'
  readonly code: NoiseErrorCode
  /**
   * With the two clock codes: how many seconds this machine's clock lies outside the certificate's validity.
   * Negative: the clock is before `valid_from`. Positive: it is after `not_valid_after`. Otherwise 0.
   */
  readonly clockDifferenceSeconds: number

  constructor(code: NoiseErrorCode, detail: string, clockDifferenceSeconds = 0) {
    super(`${code}: ${detail}`)
    this.code = code
    this.clockDifferenceSeconds = clockDifferenceSeconds
  }
}
