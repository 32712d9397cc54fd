import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A wire that can be listened to, and cut: TCP from a port of its own to another. */
export class Relay {
  readonly port: number
  /** What the client has sent, over all connections. */
  readonly toServer: Buffer[] = []
  readonly toClient: Buffer[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #cut = false

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  static async open(target: { readonly host: string; readonly port: number }): Promise<Relay> {
    const server = createServer({ noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('a relay without a port')
    const relay = new Relay(server, address.port)
    server.on('connection', (near) => relay.#join(near, connect({ ...target, noDelay: true })))
    return relay
  }

  /** Breaks every connection and lets no new one through. */
  cut(): void {
    this.#cut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#cut = false
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
    }
    near.on('data', (chunk: Buffer) => this.toServer.push(chunk))
    far.on('data', (chunk: Buffer) => this.toClient.push(chunk))
    near.pipe(far)
    far.pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    if (this.#cut) near.destroy()
  }
}
