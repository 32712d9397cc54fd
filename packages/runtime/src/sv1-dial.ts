import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Port } from '@sv2/roles/ground'
import {
  type Approach,
  type Dialer,
  type DialerDeps,
  type DialerOwner,
  KEEP_ALIVE_MS,
  PersistentDialer,
} from './dialer.ts'
import type { Engine } from './engine.ts'
import { Sv1Wire } from './sv1-wire.ts'

/** One Stratum V1 pool. */
export interface V1UpstreamSettings {
  readonly host: string
  readonly port: number
  /** V1 over TLS. */
  readonly tls: boolean
  /** With TLS: false accepts any certificate, such as one that the pool made itself. */
  readonly verifyCertificate: boolean
  readonly handshakeTimeoutMs: number
  /** Longest line taken from the pool, bytes. */
  readonly maxLineBytes: number
  /** Bytes that may wait for the pool to read them before the connection is dropped. */
  readonly maxQueuedBytes: number
}

/** Connects a Stratum V1 pool and keeps it connected, with the pauses of `dial`. */
export function dialV1(
  settings: V1UpstreamSettings,
  engine: Pick<Engine<never, never>, 'adopt'>,
  deps: DialerDeps & { readonly port: Port },
): Dialer {
  const owner: DialerDeps & DialerOwner = { ...deps, engine }
  return new PersistentDialer(approach(settings), owner)
}

function approach(settings: V1UpstreamSettings): Approach {
  const { maxLineBytes } = settings
  return {
    ...settings,
    connectedEvent: settings.tls ? 'secureConnect' : 'connect',
    connect: (host, port) => kept(settings.tls ? overTls(settings, host, port) : connect({ host, port })),
    secure: (_, __, done) => done(new Sv1Wire({ side: 'client', maxLineBytes }), new Uint8Array(0)),
  }
}

function kept(socket: Socket): Socket {
  return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
}

function overTls(settings: V1UpstreamSettings, host: string, port: number): Socket {
  const { verifyCertificate } = settings
  // RFC 6066 §3: no address stands in the server name
  const servername = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port, rejectUnauthorized: verifyCertificate, ...servername })
}
