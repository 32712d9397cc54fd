import type { Socket } from 'node:net'
import {
  type Port,
  portName,
  type Role,
  type SessionEffect,
  type SessionEvent,
  type SessionId,
} from '@sv2/roles/ground'
import type { Clock } from './clock.ts'
import { type HeldBytes, processHeldBytes } from './held-bytes.ts'
import { MAX_TURN_MS, Session, type SessionOwner, type SessionProgress } from './session.ts'
import type { Wire } from './wire.ts'

/** What is known of a connection, for log lines. */
export interface SessionInfo {
  readonly session: SessionId
  /** As `portName` spells it. */
  readonly port: string
  readonly remote: string
  /** The edition of Stratum V2, or `v1`. */
  readonly edition: string
}

/** What an engine tells besides the role's own facts. */
export interface EngineObserver<Effect> {
  /** A fact or command of the role. */
  onEffect(effect: Exclude<Effect, SessionEffect<unknown>>): void
  onSessionOpened?(info: SessionInfo): void
  onSessionClosed?(info: SessionInfo, reason: string): void
  /** The peer spells something in a way of its own, and was understood all the same. */
  onOddity?(info: SessionInfo, text: string): void
}

/** The longest a timer may sleep: past this Node would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Runs one role: feeds it what arrives, performs what it wants, wakes it when it asked to be woken. All replies of
 * one chunk go out in one write per connection.
 */
export class Engine<Event extends { readonly kind: string }, Effect extends { readonly kind: string }>
  implements SessionOwner
{
  readonly #role: Role<Event, Effect>
  readonly #clock: Clock
  readonly #observer: EngineObserver<Effect>
  readonly #held: HeldBytes
  readonly #sessions = new Map<
    SessionId,
    { readonly session: Session; readonly info: SessionInfo; readonly onGone: (() => void) | undefined }
  >()
  #dirty: Session[] = []
  #lastId = 0
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined
  #timerDue = Number.POSITIVE_INFINITY
  #handling = false
  #waiting: Event[] = []
  #stopped = false

  constructor(
    role: Role<Event, Effect>,
    deps: {
      readonly clock: Clock
      readonly observer: EngineObserver<Effect>
      /** Those of the process when missing. */
      readonly held?: HeldBytes
    },
  ) {
    this.#role = role
    this.#clock = deps.clock
    this.#observer = deps.observer
    this.#held = deps.held ?? processHeldBytes
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  /** What is known of a connection. */
  info(session: SessionId): SessionInfo | undefined {
    return this.#sessions.get(session)?.info
  }

  /** Takes over a connection whose handshake is through. `onGone` is called when it has ended. */
  adopt(
    socket: Socket,
    connection: {
      readonly port: Port
      readonly wire: Wire
      /** Bytes that may wait for a slow reader before it is dropped. */
      readonly maxQueuedBytes: number
      readonly rest: Uint8Array
      /** Whose limits it counts against; undefined where none hold. */
      readonly address?: string | undefined
      /** The longest coinbase that devices behind its door bear, bytes. */
      readonly maxCoinbaseBytes?: number | undefined
      /** Blocks of its miners pay their finder. */
      readonly isSolo?: boolean | undefined
      readonly onGone?: () => void
      /** So long its messages are taken before others have their turn, ms. */
      readonly turnMs?: number
    } & SessionProgress,
  ): Session {
    this.#lastId++
    const session = new Session(
      { id: this.#lastId, socket },
      {
        wire: connection.wire,
        maxQueuedBytes: connection.maxQueuedBytes,
        owner: this,
        held: this.#held,
        progress: connection,
        clock: this.#clock,
        turnMs: connection.turnMs ?? MAX_TURN_MS,
      },
    )
    const info = {
      session: session.id,
      port: portName(connection.port),
      remote: `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`,
      edition: session.edition,
    }
    this.#sessions.set(session.id, { session, info, onGone: connection.onGone })
    this.#observer.onSessionOpened?.(info)
    this.#handle({
      kind: 'opened',
      session: session.id,
      port: connection.port,
      capabilities: session.capabilities,
      address: connection.address,
      maxCoinbaseBytes: connection.maxCoinbaseBytes,
      isSolo: connection.isSolo,
    })
    this.#flush()
    session.start(connection.rest)
    return session
  }

  /** Feeds the role an event of its own. */
  tell(event: Event): void {
    this.#run(event)
    this.#flush()
  }

  /** Closes a connection, as a role does; one that is gone already is passed over. */
  disconnect(session: SessionId, reason: string): void {
    this.#sessions.get(session)?.session.close(reason)
  }

  /** Closes every connection. The role gets no more events, not even for the connections that are closed here. */
  stop(reason: string): void {
    this.#stopped = true
    this.#disarm()
    for (const { session } of [...this.#sessions.values()]) session.close(reason)
  }

  foresee(session: Session, messages: readonly unknown[]): void {
    this.#role.foresee?.(session.id, messages)
  }

  deliver(session: Session, message: unknown): void {
    this.#handle({ kind: 'message', session: session.id, message })
  }

  noted(session: Session, text: string): void {
    const known = this.#sessions.get(session.id)
    if (known !== undefined) this.#observer.onOddity?.(known.info, text)
  }

  delivered(): void {
    this.#flush()
  }

  gone(session: Session, reason: string): void {
    const known = this.#sessions.get(session.id)
    if (known === undefined) return
    this.#sessions.delete(session.id)
    this.#observer.onSessionClosed?.(known.info, reason)
    this.#handle({ kind: 'closed', session: session.id })
    known.onGone?.()
    this.#flush()
  }

  /** Session events are part of every role's events; the role's own type says so at its construction. */
  #handle(event: SessionEvent<Port, unknown>): void {
    this.#run(event as unknown as Event)
  }

  /** Events that come up while another is being handled wait for their turn. */
  #run(event: Event): void {
    if (this.#stopped) return
    this.#waiting.push(event)
    if (this.#handling) return
    this.#handling = true
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        for (const effect of this.#role.handle(next, this.#clock.now())) this.#perform(effect)
      }
    } finally {
      this.#handling = false
    }
  }

  #perform(effect: Effect): void {
    const effectOfSession = effect as unknown as SessionEffect<unknown>
    switch (effectOfSession.kind) {
      case 'send':
        if (typeof effectOfSession.to === 'number') this.#send(effectOfSession.to, effectOfSession.message)
        else for (const to of effectOfSession.to) this.#send(to, effectOfSession.message)
        return
      case 'close':
        this.#sessions.get(effectOfSession.session)?.session.close(effectOfSession.reason)
        return
      case 'pause':
        this.#sessions.get(effectOfSession.session)?.session.pause(effectOfSession.ms)
        return
      default:
        this.#noteWork(effect)
        this.#observer.onEffect(effect as Exclude<Effect, SessionEffect<unknown>>)
    }
  }

  /** What a role says of an accepted share is how a miner shows that it works, whatever its wire. */
  #noteWork({ kind, session }: { readonly kind: string; readonly session?: unknown }): void {
    if (kind === 'shareAccepted' && typeof session === 'number') this.#sessions.get(session)?.session.works()
  }

  #send(to: SessionId, message: unknown): void {
    const session = this.#sessions.get(to)?.session
    if (session === undefined) return
    session.send(message)
    if (session.dirty) return
    session.dirty = true
    this.#dirty.push(session)
  }

  #flush(): void {
    if (this.#handling) return
    while (this.#dirty.length > 0) {
      const dirty = this.#dirty
      this.#dirty = []
      for (const session of dirty) {
        session.dirty = false
        session.flush()
      }
    }
    this.#arm()
  }

  #arm(): void {
    const due = this.#role.nextDeadline()
    if (this.#stopped || due >= this.#timerDue) return
    this.#disarm()
    this.#timerDue = due
    const tick = (): void => {
      this.#timerDue = Number.POSITIVE_INFINITY
      this.#handle({ kind: 'tick' })
      this.#flush()
    }
    const delay = Math.min(Math.max(0, Math.ceil(due - this.#clock.now())), MAX_TIMER_MS)
    // a role that has more to do at once has it done after what came in meanwhile
    if (delay === 0) this.#soon = setImmediate(tick)
    else this.#timer = setTimeout(tick, delay)
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
  }
}
