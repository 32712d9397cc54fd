import type { MessageType } from './message.ts'
import type { Spelling } from './spelling.ts'

/** All spellings of an edition, found by number on the way in and by name on the way out. */
export class SpellingTable<M> {
  readonly spellings: readonly Spelling<M>[]
  readonly #core: (Spelling<M> | undefined)[]
  readonly #extensions: Map<number, (Spelling<M> | undefined)[]>
  readonly #byType: Map<MessageType, Spelling<M>>

  constructor(spellings: readonly Spelling<M>[]) {
    this.spellings = spellings
    this.#core = []
    this.#extensions = new Map()
    this.#byType = new Map()
    for (const spelling of spellings) this.#add(spelling)
  }

  /** Whether frames with this extension id are read here at all. */
  knows(extensionType: number): boolean {
    return extensionType === 0 || this.#extensions.has(extensionType)
  }

  byNumber(extensionType: number, msgType: number): Spelling<M> | undefined {
    return extensionType === 0 ? this.#core[msgType] : this.#extensions.get(extensionType)?.[msgType]
  }

  byType(type: MessageType): Spelling<M> | undefined {
    return this.#byType.get(type)
  }

  #add(spelling: Spelling<M>): void {
    const { extensionType, number } = spelling.declaration
    if (!this.knows(extensionType)) this.#extensions.set(extensionType, [])
    const column = this.#extensions.get(extensionType) ?? this.#core
    for (const each of [number, ...spelling.alsoNumbers]) {
      if (column[each] !== undefined)
        throw new Error(`two messages with number ${each} of extension ${extensionType}`)
      column[each] = spelling
    }
    if (this.#byType.has(spelling.type)) throw new Error(`two spellings of ${spelling.type}`)
    this.#byType.set(spelling.type, spelling)
  }
}
