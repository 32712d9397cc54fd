/** A request that cannot be done, with the status and the reason that its sender is told. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal'
  readonly statusCode: number

  constructor(statusCode: 400 | 403 | 409 | 503, reason: string) {
    super(reason)
    this.statusCode = statusCode
  }
}
