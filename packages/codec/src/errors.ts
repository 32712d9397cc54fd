/** Why bytes could not be read, or a value could not be written. */
export type CodecErrorCode =
  /** The payload ends before the value does, or a length or count runs past its end. */
  | 'truncated'
  /** A length above what the type allows. */
  | 'over-long'
  /** A fixed-size byte string of another size (encoder only). */
  | 'wrong-size'
  /** A value of another kind than the type holds, or none (encoder only). */
  | 'wrong-type'
  /** A number outside its type, or no integer (encoder only). */
  | 'out-of-range'
  /** An OPTION prefix other than 0x00 and 0x01. */
  | 'bad-option'
  /** A string that no byte sequence stands for, or that its field does not allow (encoder only). */
  | 'bad-string'
  /** Bytes after the last field. */
  | 'trailing-bytes'
  /** A frame header that announces more payload than the receiver takes. */
  | 'frame-too-long'

/**
 * The one error of this package. While decoding it means the peer's bytes are wrong, while encoding that a
 * value does not fit its type.
 */
export class CodecError extends Error {
  readonly code: CodecErrorCode
  readonly detail: string
  /** Where: field names joined with dots, elements as `merklePath[3]`. Empty outside a structure. */
  path: string

  constructor(code: CodecErrorCode, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'CodecError'
    this.code = code
    this.detail = detail
    this.path = ''
  }
}

/** Puts the name of the enclosing field in front of the path of a CodecError; returns what it was given. */
export function inField(error: unknown, name: string): unknown {
  if (!(error instanceof CodecError)) return error
  const glue = error.path === '' || error.path.startsWith('[') ? '' : '.'
  error.path = `${name}${glue}${error.path}`
  error.message = `${error.code} at ${error.path}: ${error.detail}`
  return error
}

/** The error of a value that is of another kind than its type. */
export function wrongType(type: string, wanted: string, value: unknown): CodecError {
  const found = value === undefined || value === null ? String(value) : `a ${typeof value}`
  return new CodecError('wrong-type', `${found} where ${type} is ${wanted}`)
}
