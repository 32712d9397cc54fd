import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Message } from '@sv2/messages'
import { certificatesOf, makeAuthorityKeyPair, makeKeyPair, signingIdentity, suiteOf } from '@sv2/noise'
import type { Port, Role, SessionEvent } from '@sv2/roles/ground'
import type { Clock } from './clock.ts'
import type { EditionName } from './editions.ts'
import type { DoorSettings } from './listen.ts'
import { systemNoise } from './system-noise.ts'

/** A server's identity and the authority key that proves it. */
export function anIdentity(edition: EditionName) {
  const { backend, randomBytes } = systemNoise
  const scheme = certificatesOf(edition, backend)
  const authority = makeAuthorityKeyPair(scheme, randomBytes)
  const staticPair = makeKeyPair(suiteOf(edition, backend), randomBytes)
  const identity = signingIdentity(
    { scheme, staticPair, authoritySecret: authority.secret, validitySeconds: 3600 },
    systemNoise,
  )
  return { identity, authorityKey: authority.publicKey }
}

/** A clock a test sets. */
export function aClock(): Clock & { ms: number; seconds: number } {
  return {
    ms: 1_000_000,
    seconds: 1_700_000_000,
    now() {
      return this.ms
    },
    unixSeconds() {
      return this.seconds
    },
  }
}

/** Settings of a door on a free port. */
export function doorWith(over: Partial<DoorSettings> = {}): DoorSettings {
  return {
    host: '127.0.0.1',
    port: 0,
    edition: 'current',
    noise: true,
    draftCertificate: 'auto',
    maxConnections: 100,
    handshakeTimeoutMs: 10_000,
    maxHandshakes: 100,
    maxConnectionsPerIp: 100,
    connectionsPerMinutePerIp: 1_000,
    allowList: [],
    maxPayloadBytes: 65_536,
    maxQueuedBytes: 1_000_000,
    ...over,
  }
}

/** What a role under test is told and answers. */
export type TestEvent = SessionEvent<Port> | { readonly kind: 'own'; readonly name: string }
export type TestEffect =
  | { readonly kind: 'send'; readonly to: number | readonly number[]; readonly message: Message }
  | { readonly kind: 'close'; readonly session: number; readonly reason: string }
  | { readonly kind: 'pause'; readonly session: number; readonly ms: number }
  | { readonly kind: 'fact'; readonly text: string }

/** A role that does what a test says, and keeps what it was told. */
export class ScriptedRole implements Role<TestEvent, TestEffect> {
  readonly events: TestEvent[] = []
  deadline = Number.POSITIVE_INFINITY
  react: (event: TestEvent) => readonly TestEffect[] = () => []

  handle(event: TestEvent): readonly TestEffect[] {
    this.events.push(event)
    if (event.kind === 'tick') this.deadline = Number.POSITIVE_INFINITY
    return this.react(event)
  }

  nextDeadline(): number {
    return this.deadline
  }
}

/** Both ends of a connection over loopback. */
export async function socketPair(): Promise<{ near: Socket; far: Socket; close(): void }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const far = connect({ port: portOf(server.address()), host: '127.0.0.1' })
  const [[near]] = (await Promise.all([once(server, 'connection'), once(far, 'connect')])) as [
    [Socket],
    unknown,
  ]
  far.on('error', () => far.destroy())
  return {
    near,
    far,
    close: () => {
      near.destroy()
      far.destroy()
      server.close()
    },
  }
}

export function portOf(address: string | { readonly port: number } | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('a server without a port')
  return address.port
}

/** Something that is waited for, with what has come so far. */
export class Signal<T> {
  readonly seen: T[] = []
  #waiting: (() => void)[] = []

  give(value: T): void {
    this.seen.push(value)
    const woken = this.#waiting
    this.#waiting = []
    for (const wake of woken) wake()
  }

  /** The first value that fits, come or yet to come. */
  async first(fits: (value: T) => boolean = () => true): Promise<T> {
    for (;;) {
      const found = this.seen.find(fits)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Waits until so many have come. */
  async count(wanted: number): Promise<void> {
    while (this.seen.length < wanted) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
