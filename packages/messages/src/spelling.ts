import type { Fields, Reader, Wire } from '@sv2/codec'
import type { Declaration, MessageShape } from './declaration.ts'
import type { Message, MessageNamed, MessageType } from './message.ts'

/** How one edition spells one domain message. `M` is the memory a connection lends it. */
export interface Spelling<M> {
  /** The domain message. */
  readonly type: MessageType
  readonly declaration: Declaration
  readonly read: (from: Reader, memory: M) => Message
  /** The value `declaration.wire` writes. */
  readonly wireValue: (message: Message, memory: M) => unknown
  /** Further numbers this message comes under. */
  readonly alsoNumbers: readonly number[]
  readonly hooks: Hooks<Message, M>
}

/** What a spelling does besides its fields. */
export interface Hooks<D, M> {
  /** The number to send, where it depends on the connection. */
  numberFor?(message: D, memory: M): number
  /** What to tell the peer instead, where it would take the message otherwise; undefined: the message as it is. */
  restate?(message: D, memory: M): readonly Message[] | undefined
  /** Whether the connection has it: where not, its frames are those of an unknown extension. */
  isOn?(memory: M): boolean
  /** Told of each message that came. */
  received?(message: D, memory: M): void
  /** Told of each message that went. */
  sent?(message: D, memory: M): void
  /** Reads the bytes after the last field. */
  readTail?(message: D, tail: Uint8Array, memory: M): D
  /** Bytes to append after the last field. */
  writeTail?(message: D, memory: M): Uint8Array | undefined
  /** Passes over bytes after the last field, where the edition refuses them otherwise. */
  readonly ignoresTail?: boolean
}

interface Extras<D, M> extends Hooks<D, M> {
  readonly alsoNumbers?: readonly number[]
}

/** A spelling whose wire fields are the domain's. */
export function plain<N extends MessageType, F extends Fields, M = unknown>(
  declaration: Declaration<N, F> & DeclaresDomain<N, F>,
  extras: Extras<MessageNamed<N>, M> = {},
): Spelling<M> {
  const { wire } = declaration
  return {
    type: declaration.name,
    declaration: declaration as unknown as Declaration,
    read: (from) => wire.read(from) as unknown as Message,
    wireValue: (message) => message,
    alsoNumbers: extras.alsoNumbers ?? [],
    hooks: extras as unknown as Hooks<Message, M>,
  }
}

/** Compile-time check of `plain`: what the declaration reads is the domain message. */
type DeclaresDomain<N extends MessageType, F extends Fields> =
  MessageShape<N, F> extends MessageNamed<N>
    ? unknown
    : { readonly fieldsOfTheDomainMessage: MessageNamed<N> }

/** Translates between what an edition writes and what roles say. */
export interface Adapter<W, D, M> {
  toDomain(wire: W, memory: M): D
  /** @throws {EditionError} unrepresentable */
  toWire(message: D, memory: M): W
}

/** A spelling whose wire fields differ from the domain's. */
export function adapted<T extends MessageType, N extends string, F extends Fields, M = unknown>(
  type: T,
  declaration: Declaration<N, F>,
  adapter: Adapter<MessageShape<N, F>, MessageNamed<T>, M>,
  extras: Extras<MessageNamed<T>, M> = {},
): Spelling<M> {
  const wire: Wire<MessageShape<N, F>> = declaration.wire
  return {
    type,
    declaration: declaration as unknown as Declaration,
    read: (from, memory) => adapter.toDomain(wire.read(from), memory),
    wireValue: (message, memory) => adapter.toWire(message as MessageNamed<T>, memory),
    alsoNumbers: extras.alsoNumbers ?? [],
    hooks: extras as unknown as Hooks<Message, M>,
  }
}
