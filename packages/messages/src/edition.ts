import type { Frame, TlvByteOrder } from '@sv2/codec'
import type { Message } from './message.ts'

/** The sub-protocol a connection was set up for. */
export type SubProtocol = 'mining' | 'negotiation' | 'templates'

/** `SetupConnection.protocol` of each sub-protocol. */
export const PROTOCOL_NUMBERS = { mining: 0, negotiation: 1, templates: 2 } as const satisfies Record<
  SubProtocol,
  number
>

/** The sub-protocol of a `SetupConnection.protocol` value; undefined for an unspecified one. */
export function subProtocolOf(protocol: number): SubProtocol | undefined {
  const names: readonly SubProtocol[] = ['mining', 'negotiation', 'templates']
  return names[protocol]
}

/** What a peer can do, so that no role asks for its edition. */
export interface Capabilities {
  /** Header version bits a miner may roll. */
  readonly versionRollingMask: number
  /** Bytes: the longest rollable part of an extranonce. */
  readonly maxExtranonceSize: number
  /** Standard channels take jobs that are sent to their group. */
  readonly takesGroupJobs: boolean
  /** Extended channels belong to groups too. */
  readonly groupsExtendedChannels: boolean
  /** Extension 0x0001 exists. */
  readonly extensions: boolean
  /** How a miner's own job is proposed: `declare` by the list of its transactions, `commit` by short hashes of them. */
  readonly jobDialogue: 'declare' | 'commit'
}

/** One connection's speller is made from these. */
export interface SpellerOptions {
  /** Our side. */
  readonly side: 'server' | 'client'
  /** Known to a client; a server learns it from SetupConnection. */
  readonly protocol?: SubProtocol | undefined
  /** How TLV fields are written; `little` unless said otherwise. */
  readonly tlvByteOrder?: TlvByteOrder | undefined
}

/** How domain messages stand on the wire. */
export interface Edition {
  readonly name: 'current' | 'draft'
  readonly capabilities: Capabilities
  /**
   * The whole frame of a message as far as no connection matters, remembered by the object's identity: a
   * message that goes to many connections is encoded once. The bytes are shared: never change them, nor the
   * message after this call.
   * @throws {EditionError} unrepresentable
   * @throws {CodecError} when a value does not fit its type
   */
  encode(message: Message): Uint8Array
  /** One connection's spelling, with the little memory an edition needs. */
  connection(options: SpellerOptions): Speller
}

/** The spelling of one connection. */
export interface Speller {
  /** Undefined until a server has seen SetupConnection name a known one. */
  readonly protocol: SubProtocol | undefined
  /**
   * The message of a frame. Byte fields are views into the payload; copy to keep.
   * @throws {CodecError} when the payload is malformed
   * @throws {EditionError} setup-expected, wrong-protocol, wrong-direction
   */
  decode(frame: Frame): Message
  /** What the peer spells in a way of its own, and was understood all the same, since the last call: texts for its log. */
  takeNotes(): readonly string[]
  /**
   * The whole frame of a message. The bytes may be shared with other connections: never change them.
   * @throws {EditionError} unrepresentable, wrong-protocol, wrong-direction
   * @throws {CodecError} when a value does not fit its type
   */
  encode(message: Message): Uint8Array
  /**
   * Appends the frames that tell the peer a message: nearly always the one of `encode`. Where this edition has no field
   * for something that the message says, and the peer would take it otherwise, there are two.
   * @throws {EditionError} as `encode`
   * @throws {CodecError} as `encode`
   */
  say(message: Message, frames: Uint8Array[]): void
}
