import type { Socket } from 'node:net'
import type { Port } from '@sv2/roles/ground'
import type { Clock } from './clock.ts'
import type { Engine } from './engine.ts'
import type { Wire } from './wire.ts'

export interface DialerDeps {
  readonly clock: Clock
  /** 0 … 1, for jitter. */
  readonly random: () => number
  /** An attempt failed; the next comes after `retryMs`. */
  onFailed?(where: string, reason: string, retryMs: number): void
}

/** A connection that is made again whenever it is lost, for ever. */
export interface Dialer {
  /**
   * The connection that ends next is made anew at once, at this address; empty host or port 0 keep what is there
   * (DEV-30). The authority key stays (SEC-21). When it cannot be reached a few times in a row, the configured address is
   * tried again.
   * @param waitMs the least pause before the next attempt
   */
  redial(host: string, port: number, waitMs?: number): void
  /** Ends it. */
  close(): void
}

/** How a connection is made, up to the wire that its session speaks. */
export interface Approach {
  readonly host: string
  readonly port: number
  /** For all there is to do before the session, ms. */
  readonly handshakeTimeoutMs: number
  /** Bytes that may wait for a slow reader before it is dropped. */
  readonly maxQueuedBytes: number
  /** What the socket calls it when it is connected. */
  readonly connectedEvent: 'connect' | 'secureConnect'
  connect(host: string, port: number): Socket
  /** Called once the socket is connected. */
  secure(socket: Socket, fail: (reason: string) => void, done: (wire: Wire, rest: Uint8Array) => void): void
}

/** Where the sessions of a dialer go. */
export interface DialerOwner {
  readonly engine: Pick<Engine<never, never>, 'adopt'>
  readonly port: Port
}

/** First pause after a failure, ms; doubles up to the last. */
const BACKOFF_MS = { first: 500, last: 30_000 }
/** After a connection that was given up to make it anew, ms; not after more than so many of them in a row. */
const RENEWAL = { pauseMs: 50, most: 3 }
/** A session that lived this long starts the pauses anew, ms. */
const STABLE_MS = 10_000
/** Attempts at an address that the server named before the configured one is tried again. */
const REDIRECTED_ATTEMPTS = 4
/** Silence after which TCP asks whether the peer is still there, ms. Without one the system waits two hours. */
export const KEEP_ALIVE_MS = 30_000

/** Connects, hands the connection to an engine, and connects again. */
export class PersistentDialer implements Dialer {
  readonly #approach: Approach
  readonly #deps: DialerDeps & DialerOwner
  #host: string
  #port: number
  #attempt = 0
  #leastPauseMs = 0
  /** The connection that ends next is made anew by choice; and how often that was so since a stable one. */
  #isRenewing = false
  #renewals = 0
  #socket: Socket | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(approach: Approach, deps: DialerDeps & DialerOwner) {
    this.#approach = approach
    this.#deps = deps
    this.#host = approach.host
    this.#port = approach.port
    this.#connect()
  }

  redial(host: string, port: number, waitMs = 0): void {
    if (host !== '') this.#host = host
    if (port !== 0) this.#port = port
    this.#leastPauseMs = waitMs
    this.#attempt = 0
    this.#renewals++
    this.#isRenewing = this.#renewals <= RENEWAL.most
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#socket?.destroy()
  }

  #connect(): void {
    if (this.#closed) return
    const { handshakeTimeoutMs, connectedEvent } = this.#approach
    const socket = this.#approach.connect(this.#host, this.#port)
    this.#socket = socket
    let over = false
    const fail = (reason: string): void => {
      if (over) return
      over = true
      clearTimeout(deadline)
      socket.destroy()
      this.#again(reason)
    }
    const deadline = setTimeout(() => fail('no handshake in time'), handshakeTimeoutMs)
    socket.on('error', (error) => fail(error.message))
    socket.on('close', () => fail('connection lost during the handshake'))
    socket.on(connectedEvent, () =>
      this.#approach.secure(socket, fail, (wire, rest) => {
        over = true
        clearTimeout(deadline)
        socket.removeAllListeners('error')
        socket.removeAllListeners('close')
        socket.removeAllListeners('data')
        this.#adopt(socket, wire, rest)
      }),
    )
  }

  #adopt(socket: Socket, wire: Wire, rest: Uint8Array): void {
    this.#socket = undefined
    const openedAt = this.#deps.clock.now()
    this.#deps.engine.adopt(socket, {
      // one upstream answers thousands of miners: turns as short as each of theirs would leave its answers behind
      turnMs: Number.POSITIVE_INFINITY,
      port: this.#deps.port,
      wire,
      maxQueuedBytes: this.#approach.maxQueuedBytes,
      rest,
      onGone: () => {
        if (this.#deps.clock.now() - openedAt > STABLE_MS) {
          this.#attempt = 0
          this.#renewals = 0
        }
        if (this.#isRenewing) this.#renew()
        else this.#again('connection lost')
      },
    })
  }

  #renew(): void {
    if (this.#closed) return
    this.#isRenewing = false
    const pauseMs = Math.max(
      this.#leastPauseMs,
      Math.round(RENEWAL.pauseMs * (0.5 + this.#deps.random() / 2)),
    )
    this.#leastPauseMs = 0
    this.#retry = setTimeout(() => this.#connect(), pauseMs)
  }

  #again(reason: string): void {
    if (this.#closed) return
    this.#isRenewing = false
    const ceiling = Math.min(BACKOFF_MS.last, BACKOFF_MS.first * 2 ** this.#attempt)
    const jittered = Math.round(ceiling * (0.5 + this.#deps.random() / 2))
    const retryMs = Math.max(this.#leastPauseMs, jittered)
    this.#leastPauseMs = 0
    this.#attempt++
    this.#deps.onFailed?.(`${this.#host}:${this.#port}`, reason, retryMs)
    if (this.#attempt > REDIRECTED_ATTEMPTS) {
      this.#host = this.#approach.host
      this.#port = this.#approach.port
    }
    this.#retry = setTimeout(() => this.#connect(), retryMs)
  }
}
