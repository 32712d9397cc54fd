import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeHeader, type Frame, HEADER_SIZE } from '@sv2/codec'
import type { Edition, Message, Speller, SubProtocol } from './index.ts'

/** An entry of vectors/messages.json; its `format` line explains the fields. */
export interface MessageVector {
  readonly id: string
  readonly edition: 'current' | 'draft'
  readonly protocol: SubProtocol
  readonly from: 'client' | 'server'
  readonly frame: string
  readonly message: unknown
  readonly decodeOnly?: true
  readonly acceptedCuts?: readonly number[]
  readonly negotiated?: readonly number[]
  readonly tlvByteOrder?: 'big'
}

const path = join(import.meta.dirname, '../../../vectors/messages.json')

/** The vectors of one edition. */
export function vectorsOf(edition: 'current' | 'draft'): readonly MessageVector[] {
  const { messages } = JSON.parse(readFileSync(path, 'utf8')) as { messages: MessageVector[] }
  return messages.filter((vector) => vector.edition === edition)
}

/** A vector's message, its bytes and bigints restored. */
export function messageOf({ message }: MessageVector): Message {
  return restored(message) as Message
}

function restored(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.startsWith('0x')) return unhex(value.slice(2))
    return /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value
  }
  if (Array.isArray(value)) return value.map(restored)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, restored(each)]))
}

/** Bytes of a hex string. */
export function unhex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

/** Lower-case hex of bytes. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The frame in the bytes of one. */
export function frameIn(bytes: Uint8Array | string): Frame {
  const whole = typeof bytes === 'string' ? unhex(bytes) : bytes
  const { extensionType, channelMsg, msgType } = decodeHeader(whole)
  return { extensionType, channelMsg, msgType, payload: whole.slice(HEADER_SIZE) }
}

/** A frame with another payload. */
export function withPayload(frame: Frame, payload: Uint8Array | string): Frame {
  return { ...frame, payload: typeof payload === 'string' ? unhex(payload) : payload }
}

/** The spellers of both ends of a connection, extensions negotiated as told. */
export function ends(
  edition: Edition,
  protocol: SubProtocol = 'mining',
  { negotiated, tlvByteOrder }: Pick<MessageVector, 'negotiated' | 'tlvByteOrder'> = {},
): { client: Speller; server: Speller } {
  const client = edition.connection({ side: 'client', protocol, tlvByteOrder })
  const server = edition.connection({ side: 'server', protocol, tlvByteOrder })
  if (negotiated !== undefined) {
    client.encode({ type: 'RequestExtensions', requestId: 0, requestedExtensions: negotiated })
    const answer = {
      type: 'RequestExtensions.Success',
      requestId: 0,
      supportedExtensions: negotiated,
    } as const
    client.decode(frameIn(server.encode(answer)))
  }
  return { client, server }
}

/** The receiving speller for a vector. */
export function receiverOf(edition: Edition, vector: MessageVector): Speller {
  const { client, server } = ends(edition, vector.protocol, vector)
  return vector.from === 'client' ? server : client
}

/** The sending speller for a vector. */
export function senderOf(edition: Edition, vector: MessageVector): Speller {
  const { client, server } = ends(edition, vector.protocol, vector)
  return vector.from === 'client' ? client : server
}

/** What a step throws. */
export function thrown(step: () => unknown): unknown {
  try {
    step()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
