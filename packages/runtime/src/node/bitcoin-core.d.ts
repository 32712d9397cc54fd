declare module 'bitcoin-core' {
  /** The part of the client that is used; the package brings no types. */
  class Client {
    constructor(options: {
      readonly host: string
      readonly username?: string
      readonly password?: string
      readonly timeout?: number
    })
    command(method: string, ...parameters: unknown[]): Promise<unknown>
  }
  export = Client
}
