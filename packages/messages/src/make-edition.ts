import type { TlvByteOrder } from '@sv2/codec'
import type { Capabilities, Edition } from './edition.ts'
import { EditionSpeller } from './edition-speller.ts'
import { frameOf, spellingOf } from './frame-of.ts'
import type { Message } from './message.ts'
import { frameOfOpaque } from './opaque.ts'
import type { Spelling } from './spelling.ts'
import { SpellingTable } from './spelling-table.ts'

/** What an edition is made of. */
export interface EditionPlan<M> {
  readonly name: 'current' | 'draft'
  readonly capabilities: Capabilities
  readonly spellings: readonly Spelling<M>[]
  /** Bytes after the last field: a decode error, or passed over unless an extension claims them. */
  readonly tail: 'refused' | 'ignored'
  /** An extension's number under which the peer sends messages of the core protocol too. */
  readonly alsoCore?: number
  /** A connection's fresh memory. */
  newMemory(tlvByteOrder: TlvByteOrder): M
}

/** An edition whose table can be looked into; what subpath exports hand out. */
export interface EditionWithTable<M> extends Edition {
  readonly table: SpellingTable<M>
}

/** Builds an edition. @throws {Error} when two spellings claim one number or one name */
export function makeEdition<M>(plan: EditionPlan<M>): EditionWithTable<M> {
  const table = new SpellingTable(plan.spellings)
  const blankMemory = plan.newMemory('little')
  const frames = new WeakMap<Message, Uint8Array>()

  const edition: EditionWithTable<M> = {
    name: plan.name,
    capabilities: plan.capabilities,
    table,
    encode(message) {
      const known = frames.get(message)
      if (known !== undefined) return known
      const frame =
        message.type === 'Opaque'
          ? frameOfOpaque(message)
          : frameOf(spellingOf(table, message), message, blankMemory)
      frames.set(message, frame)
      return frame
    },
    connection: (options) =>
      new EditionSpeller(options, {
        edition,
        table,
        tail: plan.tail,
        alsoCore: plan.alsoCore,
        memory: plan.newMemory(options.tlvByteOrder ?? 'little'),
      }),
  }
  return edition
}
