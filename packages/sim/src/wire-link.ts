import { FrameSplitter } from '@sv2/codec'
import type { Capabilities, Edition, Message, Speller, SubProtocol } from '@sv2/messages'
import type { Port, Role, SessionEffect, SessionEvent, SessionId } from '@sv2/roles/ground'

/** A role with at least the events and effects of sessions. */
export type SessionRole<Effect> = Role<SessionEvent<Port>, Effect>

/** How the test's end of a connection speaks, and which end it plays. */
export interface PeerOptions {
  readonly edition: Edition
  readonly protocol: SubProtocol
  /** Which end the test plays; the role plays the other. */
  readonly plays: 'client' | 'server'
}

/** Where a connection comes in, and what its door says of it; see `SessionEvent`. */
export interface PeerPlace {
  readonly port: Port
  readonly address?: string | undefined
  readonly maxCoinbaseBytes?: number | undefined
  readonly isSolo?: boolean | undefined
}

/**
 * One connection to a role, through the bytes of an edition: what the test sends is encoded and decoded as on a
 * real line, and so is what comes back. Time is whatever the test says.
 */
export class WirePeer {
  readonly session: SessionId
  readonly edition: Edition
  /** Why the role closed the connection; undefined while it is open. */
  closed: string | undefined
  /** Frames received, as bytes. */
  readonly frames: Uint8Array[] = []
  readonly #ours: Speller
  readonly #roles: Speller
  readonly #toUs = new FrameSplitter({ maxPayload: 0xff_ffff })
  readonly #toRole = new FrameSplitter({ maxPayload: 0xff_ffff })
  readonly #deliver: (event: SessionEvent<Port>) => void
  #received: Message[] = []

  constructor(
    options: PeerOptions & { readonly session: SessionId },
    deliver: (event: SessionEvent<Port>) => void,
  ) {
    this.session = options.session
    this.edition = options.edition
    const client = options.edition.connection({ side: 'client', protocol: options.protocol })
    const server = options.edition.connection({ side: 'server' })
    this.#ours = options.plays === 'server' ? server : client
    this.#roles = options.plays === 'server' ? client : server
    this.#deliver = deliver
  }

  /** Sends messages, in order. */
  send(...messages: Message[]): void {
    for (const message of messages) this.sendFrame(this.#ours.encode(message))
  }

  /**
   * Sends bytes as they are. Afterwards they are gone, as in a network buffer that is used again: a role that keeps
   * views instead of copies goes wrong.
   */
  sendFrame(bytes: Uint8Array): void {
    const chunk = bytes.slice()
    for (const frame of this.#toRole.push(chunk)) {
      this.#deliver({ kind: 'message', session: this.session, message: this.#roles.decode(frame) })
    }
    chunk.fill(0xee)
  }

  /** Drops the connection from the test's side. */
  disconnect(): void {
    this.closed ??= 'peer left'
    this.#deliver({ kind: 'closed', session: this.session })
  }

  /** What has arrived since the last call. */
  received(): Message[] {
    const received = this.#received
    this.#received = []
    return received
  }

  /** What has arrived of one kind since the last call; the rest is dropped. */
  receivedOf<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    return this.received().filter((message) => message.type === type) as Extract<Message, { type: T }>[]
  }

  /** The role sends; called by the link. */
  arrive(message: unknown): void {
    const said: Uint8Array[] = []
    this.#roles.say(message as Message, said)
    for (const bytes of said) {
      this.frames.push(bytes)
      for (const frame of this.#toUs.push(bytes)) this.#received.push(this.#ours.decode(frame))
    }
  }
}

/** The test's end of a connection, whatever it speaks. */
export interface LinkEnd {
  /** Why the role closed the connection; undefined while it is open. */
  closed: string | undefined
  /** The role sends. */
  arrive(message: unknown): void
}

/** Performs a role's session effects on wire peers and collects everything else as facts. */
export class WireLink<Effect extends { readonly kind: string }> {
  readonly role: SessionRole<Effect>
  now: number
  /** Facts and commands since the last call of `takeFacts`. */
  #facts: Effect[] = []
  readonly #peers = new Map<SessionId, LinkEnd>()
  #session = 0

  constructor(role: SessionRole<Effect>, now: number) {
    this.role = role
    this.now = now
  }

  /** Opens a connection on one of the role's ports. */
  connect(options: PeerOptions & PeerPlace): WirePeer {
    const { port, address, maxCoinbaseBytes, isSolo } = options
    const { capabilities } = options.edition
    return this.attach({ port, capabilities, address, maxCoinbaseBytes, isSolo }, (session) => {
      return new WirePeer({ ...options, session }, (event) => this.deliver(event))
    })
  }

  /** Opens a connection whose other end is made by the test. */
  attach<P extends LinkEnd>(
    place: PeerPlace & { readonly capabilities: Capabilities },
    make: (session: SessionId) => P,
  ): P {
    this.#session++
    const session = this.#session
    const peer = make(session)
    this.#peers.set(session, peer)
    this.deliver({ kind: 'opened', session, ...place })
    return peer
  }

  /** Lets time pass, with every tick the role asks for. */
  advance(ms: number): void {
    const end = this.now + ms
    for (let due = this.role.nextDeadline(); due <= end; due = this.role.nextDeadline()) {
      this.now = Math.max(this.now, due)
      const effects = this.role.handle({ kind: 'tick' }, this.now)
      this.perform(effects)
      if (effects.length === 0 && this.role.nextDeadline() <= due) break
    }
    this.now = end
    this.deliver({ kind: 'tick' })
  }

  /** Gives the role an event that does not belong to a session. */
  tell<E extends { readonly kind: string }>(event: E): void {
    this.deliver(event as unknown as SessionEvent<Port>)
  }

  deliver(event: SessionEvent<Port>): void {
    this.perform(this.role.handle(event, this.now))
  }

  perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      const session = effect as unknown as SessionEffect
      if (session.kind === 'send') {
        const to = typeof session.to === 'number' ? [session.to] : session.to
        for (const id of to) this.#peers.get(id)?.arrive(session.message)
      } else if (session.kind === 'close') {
        const client = this.#peers.get(session.session)
        if (client === undefined || client.closed !== undefined) continue
        client.closed = session.reason
        this.deliver({ kind: 'closed', session: session.session })
      } else this.#facts.push(effect)
    }
  }

  takeFacts(): Effect[] {
    const facts = this.#facts
    this.#facts = []
    return facts
  }

  factsOf<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.takeFacts().filter((fact) => fact.kind === kind) as Extract<Effect, { kind: K }>[]
  }
}
