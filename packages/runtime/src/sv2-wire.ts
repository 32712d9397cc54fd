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
import type { Wire } from './wire.ts'

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

/** The longest payload of a client that is not set up: a SetupConnection with five texts of 255 bytes. */
const SETUP_BYTES = 1_291

/** Sent only to a peer that works, or that asked for what a port other than a miner's gives. */
const PROOFS: ReadonlySet<unknown> = new Set<Message['type']>([
  'SubmitShares.Success',
  'NewTemplate',
  'AllocateMiningJobToken.Success',
])

/** Stratum V2 in one edition: noise ↔ frames ↔ domain messages. */
export class Sv2Wire implements Wire {
  readonly edition: string
  readonly capabilities: Capabilities
  readonly #transport: Transport
  readonly #speller: Speller
  readonly #splitter: FrameSplitter
  /** Payload taken from a client once it is set up, bytes; undefined when it is. */
  #whenSetUp: number | undefined

  constructor({ edition, transport, side, protocol, maxPayloadBytes }: Sv2WireSettings) {
    this.edition = edition.name
    this.capabilities = edition.capabilities
    this.#transport = transport
    this.#speller = edition.connection({ side, protocol })
    this.#splitter = new FrameSplitter({ maxPayload: maxPayloadBytes })
    if (side === 'client') return
    this.#whenSetUp = maxPayloadBytes
    this.#takeAtMost(Math.min(SETUP_BYTES, maxPayloadBytes))
  }

  get heldBytes(): number {
    return this.#transport.heldBytes + this.#splitter.heldBytes
  }

  *read(chunk: Uint8Array, note: (text: string) => void): Iterator<unknown> {
    for (const piece of this.#transport.open(chunk)) {
      for (const frame of this.#splitter.push(piece)) {
        const message = this.#speller.decode(frame)
        for (const text of this.#speller.takeNotes()) note(text)
        yield message
      }
    }
  }

  encode(message: unknown, pieces: Uint8Array[]): void {
    const { type } = message as Message
    if (this.#whenSetUp !== undefined && type === 'SetupConnection.Success') {
      this.#takeAtMost(this.#whenSetUp)
      this.#whenSetUp = undefined
    }
    this.#speller.say(message as Message, pieces)
  }

  /** The first message: a role closes on any other than SetupConnection. */
  isSetup(): boolean {
    return true
  }

  isShare(message: unknown): boolean {
    const { type } = message as Message
    return type === 'SubmitSharesExtended' || type === 'SubmitSharesStandard'
  }

  provesWork(message: unknown): boolean {
    return PROOFS.has((message as Message).type)
  }

  seal(encoded: Uint8Array[]): Uint8Array {
    return this.#transport.seal(encoded)
  }

  #takeAtMost(payloadBytes: number): void {
    this.#transport.takeAtMost(payloadBytes)
    this.#splitter.takeAtMost(payloadBytes)
  }

  blames(error: unknown): error is CodecError | EditionError | NoiseError {
    return error instanceof CodecError || error instanceof EditionError || error instanceof NoiseError
  }

  refuses(error: unknown): error is CodecError | EditionError {
    return error instanceof EditionError || error instanceof CodecError
  }
}
