import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import {
  createResponder,
  detectFirstFlight,
  type FirstFlight,
  NoiseError,
  plainTransport,
  type Transport,
} from '@sv2/noise'
import { looksLikeV1 } from '@sv2/sv1'
import { EDITIONS, type EditionName } from './editions.ts'
import type { Engine } from './engine.ts'
import { IpBudget } from './ip-budget.ts'
import type { DoorDeps, DoorSettings, V1DoorSettings } from './listen.ts'
import { Sv1Wire } from './sv1-wire.ts'
import { Sv2Wire } from './sv2-wire.ts'
import type { Wire } from './wire.ts'

/** Handshake work per turn of the event loop, ms: a storm of clients must not hold up the shares of others. */
const TURN_MS = 8
/** Longest first flight: the 2022 prelude with all codes, or a plaintext SetupConnection in the same segment. */
const MAX_FLIGHT_BYTES = 4_096
const LF = 0x0a

/** A connection on its way to a session. */
interface Guest {
  readonly socket: Socket
  readonly address: string
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
    readonly portName: string
  }
  readonly #budget: IpBudget
  readonly #guests = new Set<Guest>()
  /** First flights that wait for their handshake. */
  #turns: (() => void)[] = []
  #turnHead = 0

  constructor(
    settings: DoorSettings,
    deps: DoorDeps & { readonly engine: Pick<Engine<never, never>, 'adopt'>; readonly portName: string },
  ) {
    this.#settings = settings
    this.#deps = deps
    this.#budget = new IpBudget(settings)
  }

  receive(accepted: Socket): void {
    const address = accepted.remoteAddress ?? ''
    const remote = `${address}:${accepted.remotePort ?? 0}`
    const admitted = this.#budget.admit(address, this.#deps.clock.now())
    if (admitted !== 'admitted') {
      accepted.destroy()
      this.#deps.onRefused?.(remote, admitted)
      return
    }
    const tls = this.#settings.v1?.tls
    const socket =
      tls === undefined ? accepted : new TLSSocket(accepted, { isServer: true, secureContext: tls })
    const guest: Guest = {
      socket,
      address,
      remote,
      bytes: new Uint8Array(0),
      receive: undefined,
      timer: undefined,
      grace: undefined,
      done: false,
    }
    this.#guests.add(guest)
    guest.timer = setTimeout(
      () => this.#refuse(guest, 'no handshake in time'),
      this.#settings.handshakeTimeoutMs,
    )
    socket.on('close', () => this.#left(guest))
    socket.on('error', (error) => this.#refuse(guest, `connection failed: ${error.message}`))
    guest.receive = this.#begin(guest)
    socket.on('data', (chunk: Buffer) => guest.receive?.(chunk))
  }

  /** Nobody comes in any more. */
  close(): void {
    for (const guest of this.#guests) this.#refuse(guest, 'shutting down')
  }

  #begin(guest: Guest): (chunk: Uint8Array) => void {
    const { v1 } = this.#settings
    return v1 === undefined ? this.#beginV2(guest) : (chunk) => this.#sniff(guest, v1, chunk)
  }

  /** Tells Stratum V1 from V2 and from what else knocks at such doors. */
  #sniff(guest: Guest, v1: V1DoorSettings, chunk: Uint8Array): void {
    const bytes = joined(guest.bytes, chunk)
    guest.bytes = bytes
    switch (looksLikeV1(bytes, false)) {
      case 'wait':
        return
      case 'http':
        return this.#refuse(guest, 'speaks HTTP')
      case 'tls':
        return this.#refuse(guest, 'speaks TLS, and this door does not')
      case 'v1':
        return this.#firstLine(guest, v1)
      case 'other': {
        if (v1.only) return this.#refuse(guest, 'speaks no Stratum V1')
        guest.bytes = new Uint8Array(0)
        const receive = this.#beginV2(guest)
        guest.receive = receive
        return receive(bytes)
      }
    }
  }

  /** The handshake of V1 is over with its first whole line. */
  #firstLine(guest: Guest, v1: V1DoorSettings): void {
    const { bytes } = guest
    if (bytes.includes(LF)) {
      const wire = new Sv1Wire({ side: 'server', maxLineBytes: v1.maxLineBytes })
      const port = this.#deps.v1PortName ?? this.#deps.portName
      return this.#adopt(guest, { port, wire, maxQueuedBytes: v1.maxQueuedBytes, rest: bytes })
    }
    if (bytes.length > v1.maxLineBytes) return this.#refuse(guest, 'first line too long')
    guest.receive = (chunk) => {
      guest.bytes = joined(bytes, chunk)
      this.#firstLine(guest, v1)
    }
  }

  #beginV2(guest: Guest): (chunk: Uint8Array) => void {
    const { edition, noise } = this.#settings
    if (edition === 'auto') return (chunk) => this.#detect(guest, chunk)
    if (!noise) return (chunk) => this.#plain(guest, edition, chunk)
    return this.#handshake(guest, edition)
  }

  #detect(guest: Guest, chunk: Uint8Array): void {
    guest.bytes = joined(guest.bytes, chunk)
    if (guest.bytes.length > MAX_FLIGHT_BYTES) return this.#refuse(guest, 'first flight too long')
    this.#decide(guest, 'in time')
  }

  #decide(guest: Guest, when: 'in time' | 'after the grace time'): void {
    clearTimeout(guest.grace)
    const detection = detectFirstFlight(guest.bytes, when === 'after the grace time')
    if (detection.kind !== 'wait') return this.#detected(guest, detection.kind)
    if (detection.graceMs !== undefined) {
      guest.grace = setTimeout(() => this.#decide(guest, 'after the grace time'), detection.graceMs)
    }
  }

  #detected(guest: Guest, flight: FirstFlight): void {
    const { bytes } = guest
    guest.bytes = new Uint8Array(0)
    if (flight === 'sv1') return this.#refuse(guest, 'speaks Stratum V1; point it at a translator')
    if (flight === 'plaintext') {
      if (this.#settings.noise && this.#settings.plaintextEdition === undefined) {
        return this.#refuse(guest, 'speaks plaintext, and this door wants encryption')
      }
      return this.#plain(guest, this.#settings.plaintextEdition ?? 'current', bytes)
    }
    const edition = flight === 'current' ? 'current' : 'draft'
    if (!this.#settings.noise) return this.#refuse(guest, 'wants encryption, and this door is plaintext')
    if (this.#deps.identities[edition] === undefined)
      return this.#refuse(guest, `no key for edition ${edition}`)
    const receive = this.#handshake(guest, edition)
    guest.receive = receive
    receive(bytes)
  }

  #plain(guest: Guest, edition: EditionName, first: Uint8Array): void {
    this.#adoptV2(guest, { edition, transport: plainTransport(), rest: first })
  }

  #handshake(guest: Guest, edition: EditionName): (chunk: Uint8Array) => void {
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
          this.#adoptV2(guest, { edition, transport: step.done.transport, rest: step.done.rest })
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
    how: {
      readonly edition: EditionName
      readonly transport: Transport
      readonly rest: Uint8Array
    },
  ): void {
    const { maxPayloadBytes, maxQueuedBytes } = this.#settings
    const wire = new Sv2Wire({
      edition: EDITIONS[how.edition],
      transport: how.transport,
      side: 'server',
      protocol: undefined,
      maxPayloadBytes,
    })
    this.#adopt(guest, { port: this.#deps.portName, wire, maxQueuedBytes, rest: how.rest })
  }

  #adopt(
    guest: Guest,
    how: {
      readonly port: string
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
    const onGone = (): void => this.#budget.release(guest.address)
    this.#deps.engine.adopt(guest.socket, { ...how, onGone })
  }

  #refuse(guest: Guest, reason: string): void {
    if (guest.done) return
    this.#finish(guest)
    this.#budget.release(guest.address)
    guest.socket.destroy()
    this.#deps.onRefused?.(guest.remote, reason)
  }

  #left(guest: Guest): void {
    if (guest.done) return
    this.#finish(guest)
    this.#budget.release(guest.address)
    if (guest.bytes.length > 0) this.#deps.onRefused?.(guest.remote, 'left during the handshake')
  }

  #finish(guest: Guest): void {
    guest.done = true
    clearTimeout(guest.timer)
    clearTimeout(guest.grace)
    this.#guests.delete(guest)
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** What the draft edition keeps for its older clients: the prelude of 2022, and SIGNATURE as in 2020 (O-01). */
function olderClients({ prefixedSignature }: DoorSettings) {
  return {
    prelude: ['ChaChaPoly' as const],
    signatureVariant: prefixedSignature ? ('prefixed' as const) : ('plain' as const),
  }
}
