import { createServer, type Server } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { NoiseDeps, ServerIdentity } from '@sv2/noise'
import type { Port } from '@sv2/roles/ground'
import type { Clock } from './clock.ts'
import type { DraftCertificate } from './draft-certificate.ts'
import type { EditionName } from './editions.ts'
import type { Engine } from './engine.ts'
import type { IpBudgetSettings } from './ip-budget.ts'
import { Reception } from './reception.ts'
import type { SessionLimits } from './session.ts'

/** One door of a server. */
export interface DoorSettings extends IpBudgetSettings, SessionLimits {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** `auto` tells the edition by the client's first bytes (docs/wire.md §1.4). */
  readonly edition: EditionName | 'auto'
  /** False: plaintext, for local networks. */
  readonly noise: boolean
  /** Plaintext cannot be told apart: what it is on a door with `auto`. */
  readonly plaintextEdition?: EditionName
  /** Draft edition: how its certificates are shown. */
  readonly draftCertificate: DraftCertificate
  readonly maxConnections: number
  /** Time from the connection to the first message, handshake included. */
  readonly handshakeTimeoutMs: number
  /** Handshakes that may wait for their turn at one time. */
  readonly maxHandshakes: number
  /** The longest coinbase that devices behind this door bear, bytes; undefined where nothing depends on it. */
  readonly maxCoinbaseBytes?: number | undefined
  /** Blocks of miners behind this door pay their finder, whatever other miners of the server are paid by. */
  readonly isSolo?: boolean | undefined
  /** Stratum V1 on this door; undefined: V2 only, and V1 clients are told so. */
  readonly v1?: V1DoorSettings | undefined
}

/** Stratum V1 on a door. */
export interface V1DoorSettings {
  /** False: V2 clients are let in as well, told apart by their first bytes. */
  readonly only: boolean
  /** Longest line taken, bytes. */
  readonly maxLineBytes: number
  /** Bytes that may wait for a V1 client that reads slowly before it is dropped. */
  readonly maxQueuedBytes: number
  /** V1 over TLS, on a door for V1 only. */
  readonly tls?: SecureContext | undefined
}

/** Who a door is, by edition. */
export type DoorIdentities = Readonly<Partial<Record<EditionName, ServerIdentity>>>

export interface DoorDeps {
  readonly noise: NoiseDeps
  readonly clock: Clock
  readonly identities: DoorIdentities
  /** The port of V1 sessions; that of all others is `port`. */
  readonly v1Port?: Port | undefined
  /** A connection that never became a session: refused, timed out, or failed its handshake. */
  onRefused?(remote: string, reason: string): void
  /** A handshake was done; its cost in ms of this thread. */
  onHandshake?(edition: EditionName, ms: number): void
}

/** An open door. */
export interface Door {
  readonly host: string
  readonly port: number
  /** Takes no more connections; those there stay. */
  close(): void
}

/** Opens a door and hands its sessions to an engine. */
export async function listen(
  settings: DoorSettings,
  engine: Pick<Engine<never, never>, 'adopt'>,
  deps: DoorDeps & { readonly port: Port },
): Promise<Door> {
  const reception = new Reception(settings, { ...deps, engine })
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) =>
    reception.receive(socket),
  )
  await opened(server, settings)
  // Such as no file descriptor left: one connection is lost, and the door stays open.
  server.on('error', (error) => deps.onRefused?.('?', `cannot be taken in: ${error.message}`))
  const address = server.address()
  return {
    host: settings.host,
    port: typeof address === 'object' && address !== null ? address.port : settings.port,
    close: () => {
      reception.close()
      server.close()
    },
  }
}

function opened(server: Server, address: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address.host, port: address.port, backlog: 4096 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
