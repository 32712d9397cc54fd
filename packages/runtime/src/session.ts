import type { Socket } from 'node:net'
import { CodecError, FrameSplitter } from '@sv2/codec'
import {
  type Capabilities,
  type Edition,
  EditionError,
  type Message,
  type Speller,
  type SubProtocol,
} from '@sv2/messages'
import { NoiseError, type Transport } from '@sv2/noise'
import type { SessionId } from '@sv2/roles'

/** What a session is limited to. */
export interface SessionLimits {
  /** Longest payload taken from the peer, bytes. */
  readonly maxPayloadBytes: number
  /** Bytes that may wait for a slow reader before it is dropped. */
  readonly maxQueuedBytes: number
}

/** How a session speaks. */
export interface SessionWire {
  readonly edition: Edition
  readonly transport: Transport
  /** Our side of the connection. */
  readonly side: 'server' | 'client'
  /** Known to a client. */
  readonly protocol: SubProtocol | undefined
}

/** Whom a session belongs to. */
export interface SessionOwner {
  /** One message arrived. */
  deliver(session: Session, message: Message): void
  /** All messages of one chunk were delivered. */
  delivered(): void
  /** The connection is gone; called once. */
  gone(session: Session, reason: string): void
}

/** After a close, this long for what was sent to get out, ms. */
const LINGER_MS = 2_000

/**
 * One secured connection: socket ↔ noise ↔ frames ↔ domain messages. It limits what a peer may send and how much may
 * wait for it; whatever a peer gets wrong ends this session, with a reason, and nothing else.
 */
export class Session {
  readonly id: SessionId
  readonly socket: Socket
  readonly capabilities: Capabilities
  readonly edition: string
  readonly #transport: Transport
  readonly #speller: Speller
  readonly #splitter: FrameSplitter
  readonly #owner: SessionOwner
  readonly #limits: SessionLimits
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #ended = false
  /** Set while the session waits in the engine's list of those to flush. */
  dirty = false

  constructor(
    identity: { readonly id: SessionId; readonly socket: Socket },
    how: { readonly wire: SessionWire; readonly limits: SessionLimits; readonly owner: SessionOwner },
  ) {
    const { wire, limits, owner } = how
    this.id = identity.id
    this.socket = identity.socket
    this.capabilities = wire.edition.capabilities
    this.edition = wire.edition.name
    this.#transport = wire.transport
    this.#speller = wire.edition.connection({ side: wire.side, protocol: wire.protocol })
    this.#splitter = new FrameSplitter({ maxPayload: limits.maxPayloadBytes })
    this.#owner = owner
    this.#limits = limits
  }

  /** Starts listening to the socket; `rest` came behind the handshake. */
  start(rest: Uint8Array): void {
    this.socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.socket.on('close', () => this.#end('connection lost'))
    this.socket.on('error', (error) => this.#end(`connection failed: ${error.message}`))
    this.socket.on('end', () => {
      this.#linger()
      this.#end('peer closed the connection')
    })
    if (rest.length > 0) this.#receive(rest)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Puts a message into the queue; `flush` writes it. */
  send(message: Message): void {
    if (this.#ended) return
    try {
      const frame = this.#speller.encode(message)
      this.#queue.push(frame)
      this.#queuedBytes += frame.length
    } catch (error) {
      if (!(error instanceof EditionError || error instanceof CodecError)) throw error
      return this.close(`cannot be said: ${error.message}`)
    }
    // One chunk may ask for far more than may ever wait: the answers must not pile up until it is worked off.
    if (this.#queuedBytes > this.#limits.maxQueuedBytes) {
      this.abort(`asks for too much at once: ${this.#queuedBytes} bytes`)
    }
  }

  /** Writes the queue: one seal, one write. */
  flush(): void {
    if (this.#queue.length === 0 || this.#ended) return
    const frames = this.#queue
    this.#queue = []
    this.#queuedBytes = 0
    this.socket.write(this.#transport.seal(frames))
    const waiting = this.socket.writableLength
    if (waiting > this.#limits.maxQueuedBytes) this.abort(`reads too slowly: ${waiting} bytes waited`)
  }

  /** Writes what is queued, then closes. */
  close(reason: string): void {
    if (this.#ended) return
    this.flush()
    if (this.#ended) return
    this.#linger()
    this.#end(reason)
  }

  /** Closes at once; what is queued is lost. */
  abort(reason: string): void {
    this.socket.destroy()
    this.#end(reason)
  }

  /** A peer that does not read what was written keeps neither the socket nor the bytes. */
  #linger(): void {
    const { socket } = this
    socket.end()
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return
    try {
      for (const piece of this.#transport.open(chunk)) {
        for (const frame of this.#splitter.push(piece)) {
          this.#owner.deliver(this, this.#speller.decode(frame))
          if (this.#ended) return
        }
      }
    } catch (error) {
      if (!isPeersFault(error)) throw error
      this.close(error.message)
    } finally {
      this.#owner.delivered()
    }
  }

  #end(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#queue = []
    this.#owner.gone(this, reason)
  }
}

function isPeersFault(error: unknown): error is CodecError | EditionError | NoiseError {
  return error instanceof CodecError || error instanceof EditionError || error instanceof NoiseError
}
