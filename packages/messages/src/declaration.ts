import { type Fields, type StructOf, struct, type Wire } from '@sv2/codec'

/** Who sends a message. The server is the pool, the negotiator's pool side, or the template provider. */
export type Direction = 'to-server' | 'to-client' | 'both'

/** What a message belongs to: one sub-protocol, all of them (`common`), or the extension negotiation. */
export type Area = 'common' | 'mining' | 'negotiation' | 'templates' | 'extensions'

/** One message of one edition: everything the wire says about it. docs/wire.md §4. */
export interface Declaration<N extends string = string, F extends Fields = Fields> {
  readonly name: N
  /** msg_type. */
  readonly number: number
  /** Extension id; 0 for the core protocol. */
  readonly extensionType: number
  /** The bit its sender sets; receivers do not look at it. */
  readonly channelMsg: boolean
  readonly direction: Direction
  readonly area: Area
  /** Named types in wire order. */
  readonly fields: F
  readonly wire: Wire<MessageShape<N, F>>
}

/** The value of a message: its fields, told apart by `type`. */
export type MessageShape<N extends string, F extends Fields> = {
  readonly [K in keyof F | 'type']: K extends keyof F ? StructOf<F>[K] : N
}

/** The value type of a declaration. */
export type MessageOf<D> = D extends Declaration<infer N, infer F> ? MessageShape<N, F> : never

type Declare = <const N extends string, F extends Fields>(
  name: N,
  number: number,
  direction: Direction,
  fields: F,
) => Declaration<N, F>

/** The two ways to declare a message of an area: without and with the channel_msg bit. */
export function declarations(area: Area, extensionType = 0): { message: Declare; channelMessage: Declare } {
  const declare =
    (channelMsg: boolean): Declare =>
    <const N extends string, F extends Fields>(name: N, number: number, direction: Direction, fields: F) => {
      const wire = struct(fields, { type: name }) as unknown as Wire<MessageShape<N, F>>
      return { name, number, extensionType, channelMsg, direction, area, fields, wire }
    }
  return { message: declare(false), channelMessage: declare(true) }
}
