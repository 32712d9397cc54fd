import { encodeFrameOf, inField } from '@sv2/codec'
import { EditionError } from './edition-error.ts'
import type { Message } from './message.ts'
import type { Spelling } from './spelling.ts'
import type { SpellingTable } from './spelling-table.ts'

/** The spelling of a message. @throws {EditionError} unrepresentable */
export function spellingOf<M>(table: SpellingTable<M>, message: Message): Spelling<M> {
  const spelling = table.byType(message.type)
  if (spelling === undefined) throw new EditionError('unrepresentable', `this edition has no ${message.type}`)
  return spelling
}

/** The frame of a message in a known spelling. @throws {CodecError} naming the message and its field */
export function frameOf<M>(spelling: Spelling<M>, message: Message, memory: M): Uint8Array {
  try {
    return encodedIn(spelling, message, memory)
  } catch (error) {
    throw inField(error, message.type)
  }
}

function encodedIn<M>(
  { declaration, hooks, wireValue }: Spelling<M>,
  message: Message,
  memory: M,
): Uint8Array {
  const { extensionType, channelMsg, number, wire } = declaration
  const msgType = hooks.numberFor === undefined ? number : hooks.numberFor(message, memory)
  const tail = hooks.writeTail === undefined ? undefined : hooks.writeTail(message, memory)
  return encodeFrameOf(
    { extensionType, channelMsg, msgType },
    wire,
    wireValue(message, memory) as never,
    tail,
  )
}
