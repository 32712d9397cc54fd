import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Edition } from '@sv2/messages'
import {
  createResponder,
  detectFirstFlight,
  type FirstFlight,
  NoiseError,
  plainTransport,
  type Transport,
} from '@sv2/noise'
import type { Port } from '@sv2/roles/ground'
import { looksLikeV1 } from '@sv2/sv1'
import { certificateStyles, draftReading } from './draft-certificate.ts'
import { DRAFTS, EDITIONS, type EditionName } from './editions.ts'
import type { Engine } from './engine.ts'
import { IpBudget } from './ip-budget.ts'
import type { DoorDeps, DoorSettings, V1DoorSettings } from './listen.ts'
import { MISDIRECTED, ofOtherEdition } from './misdirected.ts'
import { type Place, Places } from './places.ts'
import { Sv1Wire } from './sv1-wire.ts'
import { Sv2Wire } from './sv2-wire.ts'
import type { Wire } from './wire.ts'

/** Handshake work per turn of the event loop, ms: a storm of clients must not hold up the shares of others. */
const TURN_MS = 3
/** Longest first flight: the 2022 prelude with all codes, or a plaintext SetupConnection in the same segment. */
const MAX_FLIGHT_BYTES = 4_096
const LF = 0x0a

/** A connection on its way to a session. Its place is that of the session later. */
interface Guest extends Place {
  readonly socket: Socket
  leave: Place['leave']
  readonly remote: string
  bytes: Uint8Array
  receive: ((chunk: Uint8Array) => void) | undefined
  timer: NodeJS.Timeout | undefined
  grace: NodeJS.Timeout | undefined
  done: boolean
}

/** Brings connections from the socket to the session: budgets, deadline, edition, handshake. */
export class Reception {
  readonly #settings: DoorSettings
  readonly #deps: DoorDeps & {
    readonly engine: Pick<Engine<never, never>, 'adopt'>
    readonly port: Port
  }
  readonly #budget: IpBudget
  readonly #guests = new Set<Guest>()
  readonly #places: Places
  /** First flights that wait for their handshake. */
  #turns: (() => void)[] = []
  #turnHead = 0

  constructor(
    settings: DoorSettings,
    deps: DoorDeps & { readonly engine: Pick<Engine<never, never>, 'adopt'>; readonly port: Port },
  ) {
    this.#settings = settings
    this.#deps = deps
    this.#budget = new IpBudget(settings)
    this.#places = new Places(settings.maxConnections)
  }

  receive(accepted: Socket): void {
    const address = accepted.remoteAddress ?? ''
    const remote = `${address}:${accepted.remotePort ?? 0}`
    const turnAway = (reason: string): void => {
      accepted.destroy()
      this.#deps.onRefused?.(remote, reason)
    }
    const admitted = this.#budget.admit(address, this.#deps.clock.now())
    if (admitted !== 'admitted') return turnAway(admitted)
    const tls = this.#settings.v1?.tls
    const guest: Guest = {
      socket: tls === undefined ? accepted : new TLSSocket(accepted, { isServer: true, secureContext: tls }),
      address,
      remote,
      leave: (reason) => this.#refuse(guest, reason),
      bytes: new Uint8Array(0),
      receive: undefined,
      timer: undefined,
      grace: undefined,
      done: false,
    }
    if (!this.#places.take(guest)) {
      this.#budget.release(address)
      guest.socket.destroy()
      return turnAway('the door is full')
    }
    const { socket } = guest
    this.#guests.add(guest)
    guest.timer = setTimeout(
      () => guest.leave(guest.done ? 'no setup in time' : 'no handshake in time'),
      this.#settings.handshakeTimeoutMs,
    )
    socket.on('close', () => this.#left(guest))
    socket.on('error', (error) => this.#refuse(guest, `connection failed: ${error.message}`))
    guest.receive = (chunk) => this.#sniff(guest, chunk)
    socket.on('data', (chunk: Buffer) => guest.receive?.(chunk))
  }

  /** Accepts no more connections. */
  close(): void {
    for (const guest of this.#guests) this.#refuse(guest, 'shutting down')
  }

  /** Tells Stratum V1 from V2 and from what else knocks at such doors. */
  #sniff(guest: Guest, chunk: Uint8Array): void {
    const { v1 } = this.#settings
    guest.bytes = joined(guest.bytes, chunk)
    switch (looksLikeV1(guest.bytes, { isFinal: false })) {
      case 'wait':
        return
      case 'http':
        return this.#refuse(guest, MISDIRECTED.http)
      case 'tls':
        return this.#refuse(guest, MISDIRECTED.tls)
      case 'v1':
        return v1 === undefined ? this.#refuse(guest, MISDIRECTED.v1) : this.#firstLine(guest, v1)
      case 'other':
        if (v1?.only === true) return this.#refuse(guest, MISDIRECTED.v2)
        guest.receive = (more) => {
          guest.bytes = joined(guest.bytes, more)
          this.#detect(guest)
        }
        return this.#detect(guest)
    }
  }

  /** The handshake of V1 is over with its first whole line. */
  #firstLine(guest: Guest, v1: V1DoorSettings): void {
    const { bytes } = guest
    if (bytes.includes(LF)) {
      const wire = new Sv1Wire({ side: 'server', maxLineBytes: v1.maxLineBytes })
      const port = this.#deps.v1Port ?? this.#deps.port
      return this.#adopt(guest, { port, wire, maxQueuedBytes: v1.maxQueuedBytes, rest: bytes })
    }
    if (bytes.length > v1.maxLineBytes) return this.#refuse(guest, 'first line too long')
    guest.receive = (chunk) => {
      guest.bytes = joined(bytes, chunk)
      this.#firstLine(guest, v1)
    }
  }

  #detect(guest: Guest): void {
    if (guest.bytes.length > MAX_FLIGHT_BYTES && this.#settings.edition === 'auto')
      return this.#refuse(guest, 'first flight too long')
    // Only a client of the other edition can start like one of the draft's and be none.
    this.#decide(guest, this.#settings.edition === 'draft' ? 'after the grace time' : 'in time')
  }

  #decide(guest: Guest, when: 'in time' | 'after the grace time'): void {
    clearTimeout(guest.grace)
    const detection = detectFirstFlight(guest.bytes, { graceOver: when === 'after the grace time' })
    if (detection.kind !== 'wait') return this.#detected(guest, detection.kind)
    if (detection.graceMs !== undefined) {
      guest.grace = setTimeout(() => this.#decide(guest, 'after the grace time'), detection.graceMs)
    }
  }

  #detected(guest: Guest, flight: FirstFlight): void {
    const { edition: wanted, noise, plaintextEdition } = this.#settings
    const { bytes } = guest
    if (flight === 'sv1') return this.#refuse(guest, MISDIRECTED.v1)
    if (flight === 'plaintext' || (!noise && startsLikeFrame(bytes))) {
      if (noise && plaintextEdition === undefined) return this.#refuse(guest, MISDIRECTED.plaintext)
      return this.#plain(guest, plaintextEdition ?? (wanted === 'auto' ? 'current' : wanted), bytes)
    }
    if (!noise) return this.#refuse(guest, MISDIRECTED.encrypted)
    const edition = flight === 'current' ? 'current' : 'draft'
    if (wanted !== 'auto' && wanted !== edition) return this.#refuse(guest, ofOtherEdition(edition))
    const receive = this.#handshake(guest, flight)
    guest.bytes = new Uint8Array(0)
    guest.receive = receive
    receive(bytes)
  }

  #plain(guest: Guest, edition: EditionName, first: Uint8Array): void {
    this.#adoptV2(guest, { edition: this.#spoken(edition), transport: plainTransport(), rest: first })
  }

  /** What is spoken to a client: of the draft, the reading of the software that it seems to be. */
  #spoken(edition: EditionName, begins: 'with prelude' | 'without' = 'without'): Edition {
    return edition === 'draft'
      ? DRAFTS[draftReading(this.#settings.draftCertificate, begins)]
      : EDITIONS[edition]
  }

  #handshake(guest: Guest, flight: FirstFlight): (chunk: Uint8Array) => void {
    const edition = flight === 'current' ? 'current' : 'draft'
    const spoken = this.#spoken(edition, flight === 'draft-prelude' ? 'with prelude' : 'without')
    const identity = this.#deps.identities[edition]
    if (identity === undefined) throw new Error(`a door for edition ${edition} needs its identity`)
    const { maxPayloadBytes } = this.#settings
    const responder = createResponder(
      { edition, identity, maxPayloadBytes, ...(edition === 'draft' ? olderClients(this.#settings) : {}) },
      this.#deps.noise,
    )
    return (chunk) =>
      this.#takeTurn(guest, () => {
        if (guest.done) return
        const started = performance.now()
        try {
          const step = responder.receive(chunk, this.#deps.clock.unixSeconds())
          if (step.reply !== undefined) guest.socket.write(step.reply)
          if (step.done === undefined) return
          this.#deps.onHandshake?.(edition, performance.now() - started)
          this.#adoptV2(guest, { edition: spoken, transport: step.done.transport, rest: step.done.rest })
        } catch (error) {
          if (!(error instanceof NoiseError)) throw error
          this.#refuse(guest, `handshake failed: ${error.message}`)
        }
      })
  }

  /** Handshakes are done a few per turn of the event loop, in the order in which they came. */
  #takeTurn(guest: Guest, work: () => void): void {
    const waiting = this.#turns.length - this.#turnHead
    if (waiting >= this.#settings.maxHandshakes) return this.#refuse(guest, 'too many handshakes in flight')
    this.#turns.push(work)
    if (waiting === 0) setImmediate(() => this.#workOff())
  }

  #workOff(): void {
    const end = performance.now() + TURN_MS
    while (this.#turnHead < this.#turns.length && performance.now() < end) {
      this.#turns[this.#turnHead]!()
      this.#turnHead++
    }
    if (this.#turnHead < this.#turns.length) {
      setImmediate(() => this.#workOff())
      return
    }
    this.#turns = []
    this.#turnHead = 0
  }

  #adoptV2(
    guest: Guest,
    greeting: {
      readonly edition: Edition
      readonly transport: Transport
      readonly rest: Uint8Array
    },
  ): void {
    const { maxPayloadBytes, maxQueuedBytes } = this.#settings
    const wire = new Sv2Wire({
      edition: greeting.edition,
      transport: greeting.transport,
      side: 'server',
      protocol: undefined,
      maxPayloadBytes,
    })
    this.#adopt(guest, { port: this.#deps.port, wire, maxQueuedBytes, rest: greeting.rest })
  }

  #adopt(
    guest: Guest,
    connection: {
      readonly port: Port
      readonly wire: Wire
      readonly maxQueuedBytes: number
      readonly rest: Uint8Array
    },
  ): void {
    if (guest.done) return
    this.#finish(guest)
    guest.socket.removeAllListeners('data')
    guest.socket.removeAllListeners('error')
    guest.socket.removeAllListeners('close')
    guest.receive = undefined
    const session = this.#deps.engine.adopt(guest.socket, {
      ...connection,
      address: this.#budget.holderOf(guest.address),
      maxCoinbaseBytes: this.#settings.maxCoinbaseBytes,
      isSolo: this.#settings.isSolo,
      onSetUp: () => clearTimeout(guest.timer),
      onWork: () => this.#places.works(guest),
      onGone: () => this.#free(guest),
    })
    guest.leave = (reason) => session.abort(reason)
  }

  #refuse(guest: Guest, reason: string): void {
    if (guest.done) return
    this.#finish(guest)
    this.#free(guest)
    guest.socket.destroy()
    this.#deps.onRefused?.(guest.remote, reason)
  }

  #left(guest: Guest): void {
    if (guest.done) return
    this.#finish(guest)
    this.#free(guest)
    if (guest.bytes.length > 0) this.#deps.onRefused?.(guest.remote, 'left during the handshake')
  }

  /** The handshake is over; the time to say who it is goes on. */
  #finish(guest: Guest): void {
    guest.done = true
    clearTimeout(guest.grace)
    this.#guests.delete(guest)
  }

  #free(guest: Guest): void {
    clearTimeout(guest.timer)
    this.#budget.release(guest.address)
    this.#places.free(guest)
  }
}

/** The extension and the number of a SetupConnection are zeros; of random keys one in 16 million starts so. */
function startsLikeFrame(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** What the draft edition keeps for its older clients: the prelude of 2022, and certificates as they verify them (O-01, O-17). */
function olderClients({ draftCertificate }: DoorSettings) {
  return { prelude: ['ChaChaPoly' as const], ...certificateStyles(draftCertificate) }
}
