/** Why bytes are not a journal. */
export type JournalErrorCode =
  /** The bytes end inside of a record. */
  | 'truncated'
  /** The checksum does not hold. */
  | 'checksum'
  /** The checksum holds, and the record makes no sense. */
  | 'malformed'
  /** A segment of another version of the format. */
  | 'version'
  /** The file is not a segment. */
  | 'not-a-segment'

/** Bytes that are not what a journal holds. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
  readonly code: JournalErrorCode

  constructor(code: JournalErrorCode, detail: string) {
    super(`${code}: ${detail}`)
    this.code = code
  }
}
