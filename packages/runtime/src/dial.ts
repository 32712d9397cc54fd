import { connect, type Socket } from 'node:net'
import type { SubProtocol } from '@sv2/messages'
import { createInitiator, type NoiseDeps, NoiseError, plainTransport, type Transport } from '@sv2/noise'
import type { Port } from '@sv2/roles/ground'
import {
  type Approach,
  type Dialer,
  type DialerDeps,
  type DialerOwner,
  KEEP_ALIVE_MS,
  PersistentDialer,
} from './dialer.ts'
import { EDITIONS, type EditionName, WITH_PRELUDE } from './editions.ts'
import type { Engine } from './engine.ts'
import type { SessionLimits } from './session.ts'
import { Sv2Wire } from './sv2-wire.ts'

/** One upstream of a client. */
export interface UpstreamSettings extends SessionLimits {
  readonly host: string
  readonly port: number
  readonly edition: EditionName
  /** False: plaintext, for local networks. */
  readonly noise: boolean
  /** Draft edition: begin with the prelude that servers of 2022 expect. */
  readonly prelude?: boolean
  /** 32 bytes. Undefined: any server is believed; only for tests and local networks. */
  readonly authorityKey: Uint8Array | undefined
  /** How far the clocks may be apart. */
  readonly clockToleranceSeconds: number
  readonly protocol: SubProtocol
  readonly handshakeTimeoutMs: number
}

export interface DialDeps extends DialerDeps {
  readonly noise: NoiseDeps
}

/** Connects an upstream and keeps it connected. */
export function dial(
  settings: UpstreamSettings,
  engine: Pick<Engine<never, never>, 'adopt'>,
  deps: DialDeps & { readonly port: Port },
): Dialer {
  return new PersistentDialer(new Sv2Approach(settings, deps), { ...deps, engine })
}

/** TCP, then Noise as the one who begins. */
class Sv2Approach implements Approach {
  readonly connectedEvent = 'connect'
  readonly #settings: UpstreamSettings
  readonly #deps: Omit<DialDeps & DialerOwner, 'engine'>

  constructor(settings: UpstreamSettings, deps: Omit<DialDeps & DialerOwner, 'engine'>) {
    this.#settings = settings
    this.#deps = deps
  }

  get host(): string {
    return this.#settings.host
  }

  get port(): number {
    return this.#settings.port
  }

  get handshakeTimeoutMs(): number {
    return this.#settings.handshakeTimeoutMs
  }

  get maxQueuedBytes(): number {
    return this.#settings.maxQueuedBytes
  }

  connect(host: string, port: number): Socket {
    return connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
  }

  secure(
    socket: Socket,
    fail: (reason: string) => void,
    done: (wire: Sv2Wire, rest: Uint8Array) => void,
  ): void {
    const { edition, noise, prelude, authorityKey, clockToleranceSeconds, maxPayloadBytes } = this.#settings
    if (!noise) return done(this.#wire(plainTransport()), new Uint8Array(0))
    const initiator = createInitiator(
      {
        edition,
        authorityKey,
        clockToleranceSeconds,
        maxPayloadBytes,
        ...(prelude === true && { prelude: ['ChaChaPoly'] as const }),
      },
      this.#deps.noise,
    )
    socket.on('data', (chunk: Buffer) => {
      try {
        const step = initiator.receive(chunk, this.#deps.clock.unixSeconds())
        if (step.reply !== undefined) socket.write(step.reply)
        if (step.done !== undefined) done(this.#wire(step.done.transport), step.done.rest)
      } catch (error) {
        if (!(error instanceof NoiseError)) throw error
        fail(`handshake failed: ${error.message}`)
      }
    })
    socket.write(initiator.start())
  }

  #wire(transport: Transport): Sv2Wire {
    const { edition, prelude, protocol, maxPayloadBytes } = this.#settings
    const spoken = prelude === true ? WITH_PRELUDE : EDITIONS[edition]
    return new Sv2Wire({ edition: spoken, transport, side: 'client', protocol, maxPayloadBytes })
  }
}
