import type { Capabilities, Message } from '@sv2/messages'
import type { Port } from './port.ts'

/**
 * Milliseconds since the Unix epoch as read when the process started, advanced by a monotonic clock:
 * differences are exact and it never steps back.
 */
export type Millis = number

/** Names one connection for as long as it lives; numbers are never used twice in a process. */
export type SessionId = number

/** The last moment there is: what `nextDeadline` answers when nothing is waiting. */
export const NEVER: Millis = Number.POSITIVE_INFINITY

/**
 * What happens to the connections of a role. `port` tells which of its doors or upstreams the session belongs to; `M`
 * is what its peers say.
 */
export type SessionEvent<P extends Port, M = Message> =
  | {
      readonly kind: 'opened'
      readonly session: SessionId
      readonly port: P
      readonly capabilities: Capabilities
      /**
       * Whose limits the connection counts against: an IPv4 address, or the /64 of an IPv6 one. Undefined where no limit
       * per address holds: addresses on the allow list of the door, and connections that we made.
       */
      readonly address?: string | undefined
      /** The longest coinbase that devices behind this door bear, bytes; undefined where the door sets no limit. */
      readonly maxCoinbaseBytes?: number | undefined
      /** The door of the connection is one whose blocks pay their finder. */
      readonly isSolo?: boolean | undefined
    }
  | { readonly kind: 'message'; readonly session: SessionId; readonly message: M }
  | { readonly kind: 'closed'; readonly session: SessionId }
  | { readonly kind: 'tick' }

/** What every role may ask of its driver. `to` may name many sessions: the message is then encoded once for all. */
export type SessionEffect<M = Message> =
  | { readonly kind: 'send'; readonly to: SessionId | readonly SessionId[]; readonly message: M }
  /** Flush what was sent, then close. `reason` goes to the log. */
  | { readonly kind: 'close'; readonly session: SessionId; readonly reason: string }
  /** Read nothing more of what a peer sends, for so many ms from now. What was read already still comes. */
  | { readonly kind: 'pause'; readonly session: SessionId; readonly ms: Millis }

/** Takes what is to be done, in the order of time. */
export type Emit<Effect> = (effect: Effect) => void

/**
 * A role decides; it never acts. Events and times in, effects out: the same sequence always yields the same
 * effects. `handle` never throws on what a peer sent.
 */
export interface Role<Event, Effect> {
  handle(event: Event, now: Millis): readonly Effect[]
  /**
   * Messages of one session that `handle` is given next, in this order: a role may compute what they need for all of them at
   * once. No effect depends on whether it is called.
   */
  foresee?(session: SessionId, messages: readonly unknown[]): void
  /** When the driver has to deliver the next tick; `NEVER` when idle. */
  nextDeadline(): Millis
}
