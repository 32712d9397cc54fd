import type { Area, Direction } from './declaration.ts'
import type { EditionWithTable } from './make-edition.ts'
import type { MessageType } from './message.ts'

/** One line of an edition's table of messages. */
export interface MessageDescription {
  /** The specification's name in this edition. */
  readonly name: string
  /** The domain message it becomes. */
  readonly type: MessageType
  readonly extensionType: number
  readonly number: number
  /** Further numbers under which it comes. */
  readonly alsoNumbers: readonly number[]
  readonly channelMsg: boolean
  readonly direction: Direction
  readonly area: Area
  /** Bytes of the shortest payload. */
  readonly minSize: number
  /** In wire order; `type` is the specification's, such as `SEQ0_255[U256]`. */
  readonly fields: readonly { readonly name: string; readonly type: string }[]
}

/** Every message of an edition, by extension and number: what the documentation's tables are made from. */
export function describeMessages<M>(edition: EditionWithTable<M>): readonly MessageDescription[] {
  return edition.table.spellings
    .map(({ type, declaration, alsoNumbers }) => ({
      name: declaration.name.replace(/Tdp$/, ''),
      type,
      extensionType: declaration.extensionType,
      number: declaration.number,
      alsoNumbers,
      channelMsg: declaration.channelMsg,
      direction: declaration.direction,
      area: declaration.area,
      minSize: declaration.wire.minSize,
      fields: Object.entries(declaration.fields).map(([name, wire]) => ({ name, type: wire.name })),
    }))
    .sort((one, other) => one.extensionType - other.extensionType || one.number - other.number)
}
