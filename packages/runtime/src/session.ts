import type { Socket } from 'node:net'
import type { Capabilities } from '@sv2/messages'
import type { SessionId } from '@sv2/roles/ground'
import type { Clock } from './clock.ts'
import type { HeldBytes, Holder } from './held-bytes.ts'
import type { Wire } from './wire.ts'

/** What a session is limited to. */
export interface SessionLimits {
  /** Longest payload taken from the peer, bytes. */
  readonly maxPayloadBytes: number
  /** Bytes that may wait for a slow reader before it is dropped. */
  readonly maxQueuedBytes: number
}

/** The receiver of a session's messages: the engine. */
export interface SessionOwner {
  /** These are delivered next, in this order. */
  foresee(session: Session, messages: readonly unknown[]): void
  /** One message arrived. */
  deliver(session: Session, message: unknown): void
  /** The peer spells something in a way of its own. */
  noted(session: Session, text: string): void
  /** All messages of one chunk were delivered. */
  delivered(): void
  /** The connection is gone; called once. */
  gone(session: Session, reason: string): void
}

/** What a session tells of how far its peer has got; each is called once, at most. */
export interface SessionProgress {
  /** The peer has said who it is. */
  readonly onSetUp?: () => void
  /** The peer works, or has got what it came for. */
  readonly onWork?: () => void
}

/**
 * So long messages of one peer are taken, ms; what is left of them comes when others had their turn. A chunk has room for a
 * thousand requests that open a channel.
 */
export const MAX_TURN_MS = 4
/** Messages that are taken at most before the time is looked at; shares only, but for the last. */
const MESSAGES_AT_ONCE = 8

/** After a close, this long for what was sent to get out, ms. */
const LINGER_MS = 2_000

/**
 * One connection: socket ↔ wire ↔ messages. It limits how much may wait for a peer; whatever a peer gets wrong ends
 * this session, with a reason, and nothing else.
 */
export class Session implements Holder {
  readonly id: SessionId
  readonly socket: Socket
  readonly #wire: Wire
  readonly #owner: SessionOwner
  readonly #maxQueuedBytes: number
  readonly #held: HeldBytes
  readonly #progress: SessionProgress
  readonly #clock: Pick<Clock, 'now'>
  readonly #turnMs: number
  /** What was read and is not taken yet; nothing more is read until it is. */
  #unread: Iterator<unknown> | undefined
  /** Why the connection ends as soon as all that was read is taken. */
  #lost: string | undefined
  #isSetUp = false
  #works = false
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #ended = false
  #resume: NodeJS.Timeout | undefined
  /** Set while the session waits in the engine's list of those to flush. */
  dirty = false

  /** @param connection `maxQueuedBytes`: bytes that may wait for a slow reader before it is dropped; `turnMs`: see `MAX_TURN_MS` */
  constructor(
    identity: { readonly id: SessionId; readonly socket: Socket },
    connection: {
      readonly wire: Wire
      readonly maxQueuedBytes: number
      readonly owner: SessionOwner
      readonly held: HeldBytes
      readonly progress: SessionProgress
      readonly clock: Pick<Clock, 'now'>
      readonly turnMs: number
    },
  ) {
    this.id = identity.id
    this.socket = identity.socket
    this.#wire = connection.wire
    this.#owner = connection.owner
    this.#maxQueuedBytes = connection.maxQueuedBytes
    this.#held = connection.held
    this.#progress = connection.progress
    this.#clock = connection.clock
    this.#turnMs = connection.turnMs
  }

  get capabilities(): Capabilities {
    return this.#wire.capabilities
  }

  /** The edition of Stratum V2, or `v1`. */
  get edition(): string {
    return this.#wire.edition
  }

  /** Bytes that this peer makes us keep. */
  get heldBytes(): number {
    return this.socket.writableLength + this.#wire.heldBytes
  }

  /** Starts listening to the socket; `rest` came behind the handshake. */
  start(rest: Uint8Array): void {
    this.socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.socket.on('drain', () => this.#held.note(this))
    this.socket.on('close', () => {
      this.#held.forget(this)
      this.#endAfterAll('connection lost')
    })
    this.socket.on('error', (error) => this.#endAfterAll(`connection failed: ${error.message}`))
    this.socket.on('end', () => {
      this.#endAfterAll('peer closed the connection')
    })
    if (rest.length > 0) this.#receive(rest)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Puts a message into the queue; `flush` writes it. */
  send(message: unknown): void {
    if (this.#ended) return
    if (!this.#works && this.#wire.provesWork(message)) this.works()
    try {
      const before = this.#queue.length
      this.#wire.encode(message, this.#queue)
      for (let at = before; at < this.#queue.length; at++) this.#queuedBytes += this.#queue[at]!.length
    } catch (error) {
      if (!this.#wire.refuses(error)) throw error
      return this.close(`cannot be said: ${error.message}`)
    }
    // One chunk may ask for far more than may ever wait: the answers must not pile up until it is worked off.
    if (this.#queuedBytes > this.#maxQueuedBytes) {
      this.abort(`asks for too much at once: ${this.#queuedBytes} bytes`)
    }
  }

  /** Writes the queue: one seal, one write. */
  flush(): void {
    if (this.#queue.length === 0 || this.#ended) return
    if (this.socket.destroyed) {
      this.#queue = []
      this.#queuedBytes = 0
      return
    }
    const frames = this.#queue
    this.#queue = []
    this.#queuedBytes = 0
    this.socket.write(this.#wire.seal(frames))
    const waiting = this.socket.writableLength
    if (waiting > this.#maxQueuedBytes) return this.abort(`reads too slowly: ${waiting} bytes waited`)
    this.#held.note(this)
  }

  /** The peer works: it is not one of those who make room for others. */
  works(): void {
    if (this.#works) return
    this.#works = true
    this.#progress.onWork?.()
  }

  /** Reads nothing for so many ms; TCP holds the peer back. */
  pause(ms: number): void {
    if (this.#ended) return
    clearTimeout(this.#resume)
    this.socket.pause()
    this.#resume = setTimeout(() => {
      this.#resume = undefined
      this.#readOn()
    }, ms)
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

  #take(message: unknown): void {
    if (!this.#isSetUp && this.#wire.isSetup(message)) {
      this.#isSetUp = true
      this.#progress.onSetUp?.()
    }
    this.#owner.deliver(this, message)
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return
    this.#unread = this.#wire.read(chunk, (text) => this.#owner.noted(this, text))
    this.#takeTurn(this.#clock.now() + this.#turnMs)
    if (this.#unread === undefined) return
    this.socket.pause()
    this.#takeLater()
  }

  /** The rest of what was read, a turn at a time; then the socket is read again. */
  #takeLater(): void {
    setImmediate(() => {
      this.#takeTurn(this.#clock.now() + this.#turnMs)
      if (this.#unread !== undefined) return this.#takeLater()
      if (this.#lost === undefined) this.#readOn()
      else this.#endAfterAll(this.#lost)
    })
  }

  /** The connection is lost; what came over it before is not. */
  #endAfterAll(reason: string): void {
    if (this.#unread !== undefined) {
      this.#lost ??= reason
      return
    }
    if (!this.socket.destroyed) this.#linger()
    this.#end(reason)
  }

  /** Takes messages until the time is over. */
  #takeTurn(until: number): void {
    const unread = this.#unread
    if (unread === undefined || this.#ended) return
    let isLeft = true
    try {
      do isLeft = this.#takeSome(unread)
      while (isLeft && this.#clock.now() < until)
    } catch (error) {
      isLeft = false
      if (!this.#wire.blames(error)) throw error
      this.close(error.message)
    } finally {
      if (!isLeft) this.#unread = undefined
      this.#owner.delivered()
    }
    if (!this.#ended) this.#held.note(this)
  }

  /**
   * Takes one message, or a few of which all but the last are shares; whether there may be more. What is read behind a share
   * does not depend on its answer. An error of what is read comes after the messages before it.
   */
  #takeSome(unread: Iterator<unknown>): boolean {
    const messages: unknown[] = []
    let isLeft = true
    let failed: { readonly error: unknown } | undefined
    try {
      do {
        const { value, done } = unread.next()
        isLeft = done !== true
        if (isLeft) messages.push(value)
      } while (isLeft && messages.length < MESSAGES_AT_ONCE && this.#wire.isShare(messages.at(-1)))
    } catch (error) {
      failed = { error }
    }
    if (messages.length > 1) this.#owner.foresee(this, messages)
    for (const message of messages) {
      this.#take(message)
      if (this.#ended) return false
    }
    if (failed !== undefined) throw failed.error
    return isLeft
  }

  /** Reads again, unless the role wants a pause. */
  #readOn(): void {
    if (this.#resume === undefined && this.#unread === undefined) this.socket.resume()
  }

  #end(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#queue = []
    this.#unread = undefined
    // what it still sends is read, so that its end is seen
    clearTimeout(this.#resume)
    this.socket.resume()
    // What it still writes is counted until its socket is closed.
    if (this.socket.destroyed) this.#held.forget(this)
    this.#owner.gone(this, reason)
  }
}
