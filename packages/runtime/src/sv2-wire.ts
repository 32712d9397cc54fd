import { CodecError, FrameSplitter } from '@sv2/codec'
import {
  type Capabilities,
  type Edition,
  EditionError,
  type Message,
  type Speller,
  type SubProtocol,
} from '@sv2/messages'
import { NoiseError, type Transport } from '@sv2/noise'
import type { Wire, WireReader } from './wire.ts'

/** How a Stratum V2 session speaks. */
export interface Sv2WireSettings {
  readonly edition: Edition
  readonly transport: Transport
  /** Our side of the connection. */
  readonly side: 'server' | 'client'
  /** Known to a client. */
  readonly protocol: SubProtocol | undefined
  /** Longest payload taken from the peer, bytes. */
  readonly maxPayloadBytes: number
}

/** Stratum V2 in one edition: noise ↔ frames ↔ domain messages. */
export class Sv2Wire implements Wire {
  readonly edition: string
  readonly capabilities: Capabilities
  readonly #transport: Transport
  readonly #speller: Speller
  readonly #splitter: FrameSplitter

  constructor({ edition, transport, side, protocol, maxPayloadBytes }: Sv2WireSettings) {
    this.edition = edition.name
    this.capabilities = edition.capabilities
    this.#transport = transport
    this.#speller = edition.connection({ side, protocol })
    this.#splitter = new FrameSplitter({ maxPayload: maxPayloadBytes })
  }

  read(chunk: Uint8Array, reader: WireReader): void {
    for (const piece of this.#transport.open(chunk)) {
      for (const frame of this.#splitter.push(piece)) {
        if (!reader.take(this.#speller.decode(frame))) return
      }
    }
  }

  encode(message: unknown, pieces: Uint8Array[]): void {
    this.#speller.say(message as Message, pieces)
  }

  seal(encoded: Uint8Array[]): Uint8Array {
    return this.#transport.seal(encoded)
  }

  blames(error: unknown): error is CodecError | EditionError | NoiseError {
    return error instanceof CodecError || error instanceof EditionError || error instanceof NoiseError
  }

  refuses(error: unknown): error is CodecError | EditionError {
    return error instanceof EditionError || error instanceof CodecError
  }
}
