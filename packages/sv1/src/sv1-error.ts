/** Why a stream of V1 lines cannot be read on. */
export type Sv1ErrorCode =
  /** More bytes without a line feed than the receiver takes. */
  'line-too-long'

/** The one error of this package: the peer's bytes break the limits, and its connection has to be closed. */
export class Sv1Error extends Error {
  readonly code: Sv1ErrorCode
  readonly detail: string

  constructor(code: Sv1ErrorCode, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'Sv1Error'
    this.code = code
    this.detail = detail
  }
}
