import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FrameSplitter } from '@sv2/codec'
import type { Edition, Message, MessageNamed, MessageType, SubProtocol } from '@sv2/messages'
import { createInitiator, parsePoolUrl, plainTransport, type Transport } from '@sv2/noise'
import { EDITIONS, randomBytes, systemNoise } from '@sv2/runtime'

/** How a test client connects. */
export interface TestClientOptions {
  /** `stratum2+tcp://…`, or `host:port` for plaintext. */
  readonly url: string
  readonly protocol?: SubProtocol
  /** For plaintext. */
  readonly edition?: 'current' | 'draft'
}

/** A client on a real socket that does what a test tells it to, right or wrong. */
export class TestClient {
  readonly socket: Socket
  readonly transport: Transport
  readonly edition: Edition
  readonly closed: Promise<void>
  /** Everything received and not taken yet. */
  readonly inbox: Message[] = []
  readonly #speller
  readonly #splitter = new FrameSplitter()
  #waiting: (() => void)[] = []
  isClosed = false

  private constructor(
    socket: Socket,
    wire: { readonly transport: Transport; readonly edition: Edition; readonly protocol: SubProtocol },
  ) {
    this.socket = socket
    this.transport = wire.transport
    this.edition = wire.edition
    this.#speller = wire.edition.connection({ side: 'client', protocol: wire.protocol })
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.isClosed = true
        this.#wake()
        resolve()
      })
    })
    socket.on('error', () => this.#wake())
  }

  /** Connects, and does the handshake where the URL has a key. */
  static async connect({
    url,
    protocol = 'mining',
    edition = 'current',
  }: TestClientOptions): Promise<TestClient> {
    if (!url.includes('://')) {
      const [host, port] = url.split(':')
      const socket = connect({ host: host!, port: Number(port) })
      socket.on('error', ignore)
      await once(socket, 'connect')
      return TestClient.#ready(
        socket,
        { transport: plainTransport(), edition: EDITIONS[edition], protocol },
        new Uint8Array(0),
      )
    }
    const parsed = parsePoolUrl(url)
    const socket = connect({ host: parsed.host, port: parsed.port!, noDelay: true })
    socket.on('error', ignore)
    await once(socket, 'connect')
    const initiator = createInitiator(
      { edition: parsed.edition, authorityKey: parsed.authorityKey },
      { ...systemNoise, randomBytes },
    )
    socket.write(initiator.start())
    const { transport, rest } = await new Promise<{ transport: Transport; rest: Uint8Array }>(
      (resolve, reject) => {
        socket.on('data', (chunk: Buffer) => {
          try {
            const step = initiator.receive(chunk, Math.floor(Date.now() / 1000))
            if (step.done !== undefined) resolve(step.done)
          } catch (error) {
            reject(error)
          }
        })
        socket.on('close', () => reject(new Error('closed during the handshake')))
      },
    )
    socket.removeAllListeners('data')
    socket.removeAllListeners('close')
    return TestClient.#ready(socket, { transport, edition: EDITIONS[parsed.edition], protocol }, rest)
  }

  static #ready(
    socket: Socket,
    wire: { readonly transport: Transport; readonly edition: Edition; readonly protocol: SubProtocol },
    rest: Uint8Array,
  ): TestClient {
    const client = new TestClient(socket, wire)
    socket.on('data', (chunk: Buffer) => client.#receive(chunk))
    client.#receive(rest)
    return client
  }

  /** Sends messages in one write. */
  send(...messages: Message[]): void {
    this.socket.write(this.transport.seal(messages.map((message) => this.#speller.encode(message))))
  }

  /** Sends frames as they are, sealed. */
  sendFrames(...frames: Uint8Array[]): void {
    this.socket.write(this.transport.seal(frames))
  }

  /** The bytes of a message, for a test to spoil. */
  frame(message: Message): Uint8Array {
    return this.#speller.encode(message).slice()
  }

  /** Waits for the next message of a type; those before it stay in the inbox. */
  async next<T extends MessageType>(type: T): Promise<MessageNamed<T>> {
    for (;;) {
      const at = this.inbox.findIndex((message) => message.type === type)
      if (at >= 0) return this.inbox.splice(at, 1)[0] as MessageNamed<T>
      if (this.isClosed)
        throw new Error(
          `closed while waiting for ${type}; inbox: ${this.inbox.map((m) => m.type).join(', ')}`,
        )
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  end(): void {
    this.socket.destroy()
  }

  #receive(chunk: Uint8Array): void {
    for (const piece of this.transport.open(chunk)) {
      for (const frame of this.#splitter.push(piece)) this.inbox.push(this.#speller.decode(frame))
    }
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}

/** A reset connection ends in `close` as well, and that is where it is dealt with. */
function ignore(): void {
  return
}

/** A SetupConnection of an ordinary miner. */
export function setupConnection(
  over: Partial<MessageNamed<'SetupConnection'>> = {},
): MessageNamed<'SetupConnection'> {
  return {
    type: 'SetupConnection',
    protocol: 0,
    minVersion: 2,
    maxVersion: 2,
    flags: 0,
    endpointHost: '127.0.0.1',
    endpointPort: 3333,
    vendor: 'test',
    hardwareVersion: 'test',
    firmware: '1',
    deviceId: '',
    ...over,
  }
}

/** A request for a standard channel of a slow miner. */
export function openStandard(
  over: Partial<MessageNamed<'OpenStandardMiningChannel'>> = {},
): MessageNamed<'OpenStandardMiningChannel'> {
  return {
    type: 'OpenStandardMiningChannel',
    requestId: 1,
    userIdentity: 'test.worker',
    nominalHashRate: 1000,
    maxTarget: new Uint8Array(32).fill(0xff),
    ...over,
  }
}
