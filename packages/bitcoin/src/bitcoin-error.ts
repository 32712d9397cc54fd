/** What was wrong with the bytes: they end early, go on too long, are not in their one canonical form, or break a limit. */
export type BitcoinErrorCode = 'truncated' | 'trailing-bytes' | 'non-canonical' | 'out-of-range' | 'malformed'

/** A peer's bytes do not hold the Bitcoin structure they should. Our own mistakes are RangeErrors instead. */
export class BitcoinError extends Error {
  override readonly name = 'BitcoinError'
  readonly code: BitcoinErrorCode
  readonly detail: string

  constructor(code: BitcoinErrorCode, detail: string) {
    super(`${code}: ${detail}`)
    this.code = code
    this.detail = detail
  }
}
