import type { Message, SubProtocol } from '@sv2/messages'
import { parsePoolUrl } from '@sv2/noise'
import { NEVER, type Role, type SessionEffect, type SessionEvent, type SinglePort } from '@sv2/roles/ground'
import { systemClock } from './clock.ts'
import { dial } from './dial.ts'
import { Engine } from './engine.ts'
import { systemNoise } from './system-noise.ts'

/** What a simple client says and hears. */
export interface SimpleClient {
  readonly protocol: SubProtocol
  /** The handshake is done, at first and after each loss of the connection. Answers what to say first. */
  onOpen(): readonly Message[]
  /** Answers what to say to that. */
  onMessage(message: Message): readonly Message[]
  /** A connection could not be made; it is tried again. */
  onFailed?(where: string, reason: string): void
}

const DEFAULT_PORT = 3_333
const LIMITS = {
  handshakeTimeoutMs: 10_000,
  clockToleranceSeconds: 600,
  maxPayloadBytes: 0xff_ffff,
  maxQueuedBytes: 64 * 1024 * 1024,
}

/**
 * A client for small programs: connects to the server of a `stratum2+tcp` URL, and stays connected. A role on an `Engine` can do
 * more. Answers what ends it.
 * @throws {NoiseError} for a URL that is not one
 */
export function connectTo(url: string, client: SimpleClient): () => void {
  const { host, port = DEFAULT_PORT, authorityKey, edition } = parsePoolUrl(url)
  const role: Role<SessionEvent<SinglePort<'server'>>, SessionEffect> = {
    nextDeadline: () => NEVER,
    handle(event) {
      if (event.kind === 'tick' || event.kind === 'closed') return []
      const said = event.kind === 'opened' ? client.onOpen() : client.onMessage(event.message)
      return said.map((message) => ({ kind: 'send', to: event.session, message }))
    },
  }
  const engine = new Engine(role, { clock: systemClock, observer: { onEffect: () => undefined } })
  const dialer = dial(
    { host, port, edition, authorityKey, noise: true, protocol: client.protocol, ...LIMITS },
    engine,
    {
      port: { kind: 'server' },
      noise: systemNoise,
      clock: systemClock,
      random: Math.random,
      onFailed: (where, reason) => client.onFailed?.(where, reason),
    },
  )
  return () => {
    dialer.close()
    engine.stop('closed')
  }
}
