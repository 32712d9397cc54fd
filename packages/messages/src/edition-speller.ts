import { CodecError, type Frame, Reader } from '@sv2/codec'
import {
  type Edition,
  type Speller,
  type SpellerOptions,
  type SubProtocol,
  subProtocolOf,
} from './edition.ts'
import { EditionError } from './edition-error.ts'
import { frameOf, spellingOf } from './frame-of.ts'
import type { Message, MessageType } from './message.ts'
import { frameOfOpaque, opaqueOf } from './opaque.ts'
import type { Spelling } from './spelling.ts'
import type { SpellingTable } from './spelling-table.ts'

const NO_NOTES: readonly string[] = []

/** A memory that keeps what is odd about a peer. */
function keepsNotes(memory: unknown): memory is { takeNotes(): readonly string[] } {
  return typeof memory === 'object' && memory !== null && 'takeNotes' in memory
}

interface Parts<M> {
  readonly edition: Edition
  readonly table: SpellingTable<M>
  readonly tail: 'refused' | 'ignored'
  readonly alsoCore: number | undefined
  readonly memory: M
}

/** Messages that carry work to many connections; their frames are shared through Edition.encode. */
const SHARED: ReadonlySet<MessageType> = new Set([
  'NewMiningJob',
  'NewExtendedMiningJob',
  'SetNewPrevHash',
  'NewTemplate',
  'SetNewPrevHashTdp',
])

/**
 * One connection's spelling, the same for every edition: looks a message up, checks that this side of this
 * sub-protocol may send it, and lets the edition's hooks remember what later messages need.
 */
export class EditionSpeller<M> implements Speller {
  readonly #ours: 'to-server' | 'to-client'
  readonly #parts: Parts<M>
  #protocol: SubProtocol | undefined

  constructor(options: SpellerOptions, parts: Parts<M>) {
    this.#ours = options.side === 'server' ? 'to-client' : 'to-server'
    this.#parts = parts
    this.#protocol = options.protocol
  }

  get protocol(): SubProtocol | undefined {
    return this.#protocol
  }

  takeNotes(): readonly string[] {
    const { memory } = this.#parts
    return keepsNotes(memory) ? memory.takeNotes() : NO_NOTES
  }

  decode(frame: Frame): Message {
    const { table, memory, alsoCore } = this.#parts
    const extensionType = frame.extensionType & 0x7fff
    const spelling = table.byNumber(extensionType === alsoCore ? 0 : extensionType, frame.msgType)
    if (this.#protocol === undefined) this.#checkSetup(spelling, frame)
    // a message that came after this code is passed over, as those of unknown extensions are
    if (spelling === undefined || spelling.hooks.isOn?.(memory) === false) return opaqueOf(frame)
    this.#checkArea(spelling)
    if (spelling.declaration.direction === this.#ours) {
      throw new EditionError('wrong-direction', `${spelling.type} is ours to send`)
    }

    const from = new Reader(frame.payload)
    let message = spelling.read(from, memory)
    if (from.remaining > 0) message = this.#readTail(spelling, message, from)
    if (message.type === 'SetupConnection') this.#protocol ??= subProtocolOf(message.protocol)
    spelling.hooks.received?.(message, memory)
    return message
  }

  say(message: Message, frames: Uint8Array[]): void {
    const { table, memory } = this.#parts
    const restated = table.byType(message.type)?.hooks.restate?.(message, memory)
    if (restated === undefined) frames.push(this.encode(message))
    else for (const each of restated) frames.push(this.encode(each))
  }

  encode(message: Message): Uint8Array {
    if (message.type === 'Opaque') return frameOfOpaque(message)
    const { edition, table, memory } = this.#parts
    const spelling = spellingOf(table, message)
    this.#checkArea(spelling)
    if (spelling.hooks.isOn?.(memory) === false)
      throw new EditionError('unrepresentable', `${message.type} where its extension is not agreed on`)
    const { direction } = spelling.declaration
    if (direction !== 'both' && direction !== this.#ours) {
      throw new EditionError('wrong-direction', `${message.type} is the peer's to send`)
    }

    const frame = SHARED.has(message.type) ? edition.encode(message) : frameOf(spelling, message, memory)
    if (message.type === 'SetupConnection') this.#protocol ??= subProtocolOf(message.protocol)
    spelling.hooks.sent?.(message, memory)
    return frame
  }

  /** Before the sub-protocol is known, only the three setup messages pass. */
  #checkSetup(spelling: Spelling<M> | undefined, frame: Frame): void {
    if (spelling?.type.startsWith('SetupConnection') === true) return
    throw new EditionError('setup-expected', `0x${frame.msgType.toString(16)} came before SetupConnection`)
  }

  #checkArea({ type, declaration: { area } }: Spelling<M>): void {
    if (area === this.#protocol || area === 'common' || area === 'extensions') return
    throw new EditionError('wrong-protocol', `${type} on a connection for ${this.#protocol ?? 'nothing yet'}`)
  }

  #readTail(spelling: Spelling<M>, message: Message, from: Reader): Message {
    if (spelling.hooks.readTail !== undefined) {
      return spelling.hooks.readTail(message, from.view(from.remaining), this.#parts.memory)
    }
    if (this.#parts.tail === 'refused' && spelling.hooks.ignoresTail !== true) {
      throw new CodecError(
        'trailing-bytes',
        `${from.remaining} bytes after the last field of ${spelling.type}`,
      )
    }
    return message
  }
}
