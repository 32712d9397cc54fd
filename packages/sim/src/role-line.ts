import { FrameSplitter } from '@sv2/codec'
import type { Capabilities, Edition, Message, Speller, SubProtocol } from '@sv2/messages'
import type { Port, Role, SessionEffect, SessionEvent } from '@sv2/roles/ground'

/** A role whose events and effects the caller does not look into. */
export type AnyRole = Role<never, { readonly kind: string }>

/** One end of a line: a role, its port, and what speaks for it there. */
interface End {
  readonly role: AnyRole
  readonly session: number
  readonly speller: Speller
  readonly splitter: FrameSplitter
}

/** A connection of a role whose other end the test plays. */
export interface PlayedLine {
  readonly port: Port
  readonly capabilities: Capabilities
  /** The role sends; `deliver` takes what the test answers. */
  arrive(message: unknown, deliver: (message: unknown) => void): void
}

/** Where a line is put up. */
export interface LinePlan {
  readonly edition: Edition
  readonly protocol: SubProtocol
  readonly server: { readonly role: AnyRole; readonly port: Port }
  readonly client: { readonly role: AnyRole; readonly port: Port }
}

/**
 * Several roles on one virtual clock, connected through the bytes of an edition. What a role does beyond sending and
 * closing goes to `onFact`, which may tell roles more.
 */
export class RoleNetwork {
  now: number
  readonly #roles: readonly AnyRole[]
  readonly #onFact: (role: AnyRole, fact: { readonly kind: string }) => void
  readonly #ends = new Map<AnyRole, Map<number, { readonly own: End; readonly other: End }>>()
  readonly #played = new Map<AnyRole, Map<number, PlayedLine>>()
  #sessions = 0

  constructor(
    setting: { readonly roles: readonly AnyRole[]; readonly now: number },
    onFact: (role: AnyRole, fact: { readonly kind: string }) => void,
  ) {
    this.#roles = setting.roles
    this.now = setting.now
    this.#onFact = onFact
  }

  /** Connects a client role to a server role. */
  connect({ edition, protocol, server, client }: LinePlan): void {
    const serverEnd = this.#end(server.role, edition.connection({ side: 'server' }))
    const clientEnd = this.#end(client.role, edition.connection({ side: 'client', protocol }))
    this.#join(serverEnd, clientEnd)
    this.#join(clientEnd, serverEnd)
    const { capabilities } = edition
    this.tell(server.role, { kind: 'opened', session: serverEnd.session, port: server.port, capabilities })
    this.tell(client.role, { kind: 'opened', session: clientEnd.session, port: client.port, capabilities })
  }

  /** Connects a role to an end that the test plays; answers what delivers a message of the test's to the role. */
  attach(role: AnyRole, line: PlayedLine): (message: unknown) => void {
    this.#sessions++
    const session = this.#sessions
    const lines = this.#played.get(role) ?? new Map()
    this.#played.set(role, lines.set(session, line))
    const { port, capabilities } = line
    this.tell(role, { kind: 'opened', session, port, capabilities })
    return (message) => this.#deliver(role, session, message)
  }

  /** Gives a role an event, and performs what follows. */
  tell(role: AnyRole, event: SessionEvent<Port> | { readonly kind: string }): void {
    for (const effect of role.handle(event as never, this.now)) this.#perform(role, effect)
  }

  /** Lets time pass in steps of a second, with the ticks the roles ask for. */
  advance(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.now += 1_000
      for (const role of this.#roles) if (role.nextDeadline() <= this.now) this.tell(role, { kind: 'tick' })
    }
  }

  #deliver(role: AnyRole, session: number, message: unknown): void {
    this.tell(role, { kind: 'message', session, message } as never)
  }

  #end(role: AnyRole, speller: Speller): End {
    this.#sessions++
    return { role, session: this.#sessions, speller, splitter: new FrameSplitter({}) }
  }

  #join(own: End, other: End): void {
    const ends = this.#ends.get(own.role) ?? new Map()
    this.#ends.set(own.role, ends.set(own.session, { own, other }))
  }

  #perform(role: AnyRole, effect: { readonly kind: string }): void {
    const session = effect as SessionEffect
    if (session.kind === 'send') {
      const to = typeof session.to === 'number' ? [session.to] : session.to
      for (const each of to) this.#carry(role, each, session.message)
    } else if (session.kind === 'close') this.#cut(role, session.session)
    else this.#onFact(role, effect)
  }

  #carry(role: AnyRole, session: number, message: Message): void {
    this.#played
      .get(role)
      ?.get(session)
      ?.arrive(message, (answer) => this.#deliver(role, session, answer))
    const line = this.#ends.get(role)?.get(session)
    if (line === undefined) return
    const { own, other } = line
    const said: Uint8Array[] = []
    own.speller.say(message, said)
    for (const bytes of said) {
      for (const frame of other.splitter.push(bytes.slice())) {
        this.tell(other.role, {
          kind: 'message',
          session: other.session,
          message: other.speller.decode(frame),
        })
      }
    }
  }

  #cut(role: AnyRole, session: number): void {
    const line = this.#ends.get(role)?.get(session)
    if (line === undefined) return
    for (const { role: each, session: gone } of [line.own, line.other]) {
      this.#ends.get(each)?.delete(gone)
      this.tell(each, { kind: 'closed', session: gone })
    }
  }
}
