import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { FrameSplitter } from '@sv2/codec'
import type { Message, SubProtocol } from '@sv2/messages'
import { EDITIONS } from '@sv2/runtime'

/** What a scripted server says to a message; nothing is silence. */
export type Answer = (message: Message, say: (message: Message) => void) => void

/** A server in plaintext on a real socket, of the current edition, that answers as a test tells it to. */
export class ScriptedServer {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isAway = false

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  static async open(protocol: SubProtocol, answer: Answer): Promise<ScriptedServer> {
    const server = createServer({ noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('a server without a port')
    const scripted = new ScriptedServer(server, address.port)
    server.on('connection', (socket) => scripted.#join(socket, protocol, answer))
    return scripted
  }

  /** Ends all connections, and takes no new one. */
  leave(): void {
    this.#isAway = true
    for (const socket of this.#sockets) socket.destroy()
  }

  comeBack(): void {
    this.#isAway = false
  }

  close(): void {
    this.leave()
    this.#server.close()
  }

  #join(socket: Socket, protocol: SubProtocol, answer: Answer): void {
    socket.on('error', () => socket.destroy())
    if (this.#isAway) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const speller = EDITIONS.current.connection({ side: 'server', protocol })
    const splitter = new FrameSplitter()
    const say = (message: Message): void => void socket.write(speller.encode(message).slice())
    socket.on('data', (chunk: Buffer) => {
      for (const frame of splitter.push(chunk)) answer(speller.decode(frame), say)
    })
  }
}
