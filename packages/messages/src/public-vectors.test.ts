import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CodecError, type Frame } from '@sv2/codec'
import { describe, expect, test } from 'vitest'
import { ends, frameIn, hex, thrown, unhex } from './_fixtures.ts'
import { current } from './current/index.ts'
import { draft } from './draft/index.ts'
import type { Edition, Message, SubProtocol } from './index.ts'

const path = join(import.meta.dirname, '../../../../shared/vectors/sv2-messages-current.json')

interface PublicVector {
  readonly id: string
  readonly kind: 'payload' | 'frame'
  readonly msg_type: number
  readonly channel_msg: boolean
  readonly fields?: Readonly<Record<string, unknown>>
  readonly valid: boolean
  readonly hex: string
}

function protocolOf(number: number): SubProtocol {
  return number >= 0x70 ? 'templates' : number >= 0x50 ? 'negotiation' : 'mining'
}

function frameOf(vector: PublicVector): Frame {
  if (vector.kind === 'frame') return frameIn(vector.hex)
  return {
    extensionType: 0,
    channelMsg: vector.channel_msg,
    msgType: vector.msg_type,
    payload: unhex(vector.hex),
  }
}

function decoded(edition: Edition, vector: PublicVector): { message: Message; again: Uint8Array } {
  const { client, server } = ends(edition, protocolOf(vector.msg_type))
  const declaration = current.table.byNumber(0, vector.msg_type)!.declaration
  const [from, to] = declaration.direction === 'to-server' ? [client, server] : [server, client]
  const message = to.decode(frameOf(vector))
  return { message, again: from.encode(message) }
}

/** Domain fields as the file writes them: snake case, bytes in hex, U64 as a number. */
function published(message: Message): Record<string, unknown> {
  const entries = Object.entries(message).filter(([name]) => name !== 'type')
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      plain(value),
    ]),
  )
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value)
  if (Array.isArray(value)) return value.map(plain)
  return typeof value === 'bigint' ? Number(value) : value
}

if (existsSync(path)) {
  const { messages } = JSON.parse(readFileSync(path, 'utf8')) as { messages: PublicVector[] }
  const valid = messages.filter((vector) => vector.valid)

  describe('public vectors', () => {
    test.each(valid)('$id is read and written again by the current edition', (vector) => {
      const { message, again } = decoded(current, vector)
      expect(published(message)).toEqual(vector.fields)
      expect(hex(again).endsWith(vector.hex)).toBe(true)
    })

    test.each(messages.filter((vector) => !vector.valid))('$id is refused', (vector) => {
      expect(thrown(() => decoded(current, vector))).toBeInstanceOf(CodecError)
    })

    const sameInBoth = valid.filter(({ msg_type }) => {
      const inDraft = draft.table.byNumber(0, msg_type)
      return inDraft !== undefined && inDraft.declaration === current.table.byNumber(0, msg_type)?.declaration
    })

    test.each(sameInBoth)('$id is read and written again by the draft edition', (vector) => {
      const { message, again } = decoded(draft, vector)
      expect(published(message)).toEqual(vector.fields)
      expect(hex(again).endsWith(vector.hex)).toBe(true)
    })
  })
} else {
  test.skip(`public vectors: ${path} is missing`, () => {})
}
