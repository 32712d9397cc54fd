import { connect, type Socket } from 'node:net'
import type { SubProtocol } from '@sv2/messages'
import { createInitiator, type NoiseDeps, NoiseError, plainTransport } from '@sv2/noise'
import type { Clock } from './clock.ts'
import { EDITIONS, type EditionName } from './editions.ts'
import type { Engine } from './engine.ts'
import type { SessionLimits } from './session.ts'

/** One upstream of a client. */
export interface UpstreamSettings extends SessionLimits {
  readonly host: string
  readonly port: number
  readonly edition: EditionName
  /** False: plaintext, for local networks. */
  readonly noise: boolean
  /** 32 bytes. Undefined: whoever answers is believed; only for tests and local networks. */
  readonly authorityKey: Uint8Array | undefined
  /** How far the clocks may be apart. */
  readonly clockToleranceSeconds: number
  readonly protocol: SubProtocol
  readonly handshakeTimeoutMs: number
}

export interface DialDeps {
  readonly noise: NoiseDeps
  readonly clock: Clock
  /** 0 … 1, for jitter. */
  readonly random: () => number
  /** An attempt failed; the next comes after `retryMs`. */
  onFailed?(where: string, reason: string, retryMs: number): void
}

/** A connection that is made again whenever it is lost, for ever. */
export interface Dialer {
  /**
   * From now on this address; empty host or port 0 keep what is there (DEV-30). The authority key stays (SEC-21). When
   * it cannot be reached a few times in a row, the configured address is tried again.
   */
  redial(host: string, port: number): void
  /** Ends it. */
  close(): void
}

/** First pause after a failure, ms; doubles up to the last. */
const BACKOFF_MS = { first: 500, last: 30_000 }
/** A session that lived this long starts the pauses anew, ms. */
const STABLE_MS = 10_000
/** Attempts at an address that the server named before the configured one is tried again. */
const REDIRECTED_ATTEMPTS = 4
/** Silence after which TCP asks whether the peer is still there, ms. */
const KEEP_ALIVE_MS = 30_000

/** Connects an upstream and keeps it connected. */
export function dial(
  settings: UpstreamSettings,
  engine: Pick<Engine<never, never>, 'adopt'>,
  deps: DialDeps & { readonly portName: string },
): Dialer {
  return new PersistentDialer(settings, { ...deps, engine })
}

class PersistentDialer implements Dialer {
  readonly #settings: UpstreamSettings
  readonly #deps: DialDeps & {
    readonly engine: Pick<Engine<never, never>, 'adopt'>
    readonly portName: string
  }
  #host: string
  #port: number
  #attempt = 0
  #socket: Socket | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(
    settings: UpstreamSettings,
    deps: DialDeps & { readonly engine: Pick<Engine<never, never>, 'adopt'>; readonly portName: string },
  ) {
    this.#settings = settings
    this.#deps = deps
    this.#host = settings.host
    this.#port = settings.port
    this.#connect()
  }

  redial(host: string, port: number): void {
    if (host !== '') this.#host = host
    if (port !== 0) this.#port = port
    this.#attempt = 0
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#socket?.destroy()
  }

  #connect(): void {
    if (this.#closed) return
    // Without a delay of its own the system waits two hours before it asks whether the peer is still there.
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true, ...keepAlive })
    this.#socket = socket
    let over = false
    const fail = (reason: string): void => {
      if (over) return
      over = true
      clearTimeout(deadline)
      socket.destroy()
      this.#again(reason)
    }
    const deadline = setTimeout(() => fail('no handshake in time'), this.#settings.handshakeTimeoutMs)
    socket.on('error', (error) => fail(error.message))
    socket.on('close', () => fail('connection lost during the handshake'))
    socket.on('connect', () =>
      this.#secure(socket, fail, (transport, rest) => {
        over = true
        clearTimeout(deadline)
        socket.removeAllListeners('error')
        socket.removeAllListeners('close')
        socket.removeAllListeners('data')
        this.#adopt(socket, transport, rest)
      }),
    )
  }

  #secure(
    socket: Socket,
    fail: (reason: string) => void,
    done: (transport: ReturnType<typeof plainTransport>, rest: Uint8Array) => void,
  ): void {
    const { edition, noise, authorityKey, clockToleranceSeconds, maxPayloadBytes } = this.#settings
    if (!noise) return done(plainTransport(), new Uint8Array(0))
    const initiator = createInitiator(
      { edition, authorityKey, clockToleranceSeconds, maxPayloadBytes },
      this.#deps.noise,
    )
    socket.on('data', (chunk: Buffer) => {
      try {
        const step = initiator.receive(chunk, this.#deps.clock.unixSeconds())
        if (step.reply !== undefined) socket.write(step.reply)
        if (step.done !== undefined) done(step.done.transport, step.done.rest)
      } catch (error) {
        if (!(error instanceof NoiseError)) throw error
        fail(`handshake failed: ${error.message}`)
      }
    })
    socket.write(initiator.start())
  }

  #adopt(socket: Socket, transport: ReturnType<typeof plainTransport>, rest: Uint8Array): void {
    const { edition, protocol } = this.#settings
    this.#socket = undefined
    const openedAt = this.#deps.clock.now()
    this.#deps.engine.adopt(socket, {
      port: this.#deps.portName,
      wire: { edition: EDITIONS[edition], transport, side: 'client', protocol },
      limits: this.#settings,
      rest,
      onGone: () => {
        if (this.#deps.clock.now() - openedAt > STABLE_MS) this.#attempt = 0
        this.#again('connection lost')
      },
    })
  }

  #again(reason: string): void {
    if (this.#closed) return
    const ceiling = Math.min(BACKOFF_MS.last, BACKOFF_MS.first * 2 ** this.#attempt)
    const retryMs = Math.round(ceiling * (0.5 + this.#deps.random() / 2))
    this.#attempt++
    this.#deps.onFailed?.(`${this.#host}:${this.#port}`, reason, retryMs)
    if (this.#attempt > REDIRECTED_ATTEMPTS) {
      this.#host = this.#settings.host
      this.#port = this.#settings.port
    }
    this.#retry = setTimeout(() => this.#connect(), retryMs)
  }
}
