import type { Capabilities } from '@sv2/messages'
import { LineSplitter, Sv1Error, type Sv1FromPool, type Sv1ToServer, sv1Client, sv1Server } from '@sv2/sv1'
import type { Wire } from './wire.ts'

/** What a Stratum V1 peer can do: roll the bits of BIP 320, and up to 8 bytes of extranonce. */
export const SV1_CAPABILITIES: Capabilities = {
  versionRollingMask: 0x1fff_e000,
  maxExtranonceSize: 8,
  takesGroupJobs: true,
  groupsExtendedChannels: true,
  extensions: false,
  jobDialogue: 'declare',
}

/** How a Stratum V1 session speaks. */
export interface Sv1WireSettings {
  /** Our side of the connection: `server` talks to miners, `client` to a pool. */
  readonly side: 'server' | 'client'
  /** Longest line taken from the peer, bytes without its line feed. */
  readonly maxLineBytes: number
}

/** One side's reading and writing of lines. */
interface Sv1Speller {
  readonly decode: (line: string) => Sv1ToServer | Sv1FromPool
  readonly encode: (message: never) => Uint8Array
}

/** By these a miner says who it is. */
const SETUP: ReadonlySet<string> = new Set<Sv1ToServer['type']>(['mining.subscribe', 'mining.authorize'])

/** Stratum V1: lines of JSON ↔ messages. A line that makes no sense is a message, `malformed`; only its length is a fault. */
export class Sv1Wire implements Wire {
  readonly edition = 'v1'
  readonly capabilities = SV1_CAPABILITIES
  readonly #speller: Sv1Speller
  readonly #splitter: LineSplitter

  constructor({ side, maxLineBytes }: Sv1WireSettings) {
    this.#speller = side === 'server' ? sv1Server : sv1Client
    this.#splitter = new LineSplitter({ maxLength: maxLineBytes })
  }

  *read(chunk: Uint8Array): Iterator<unknown> {
    for (const line of this.#splitter.push(chunk)) yield this.#speller.decode(line)
  }

  get heldBytes(): number {
    return this.#splitter.heldBytes
  }

  isSetup(message: unknown): boolean {
    return SETUP.has((message as Sv1ToServer).type)
  }

  /** Each line is read when its turn comes. */
  isShare(): boolean {
    return false
  }

  /** An answer does not say to what: that a V1 miner works, the role says by its fact. */
  provesWork(): boolean {
    return false
  }

  encode(message: unknown, pieces: Uint8Array[]): void {
    pieces.push(this.#speller.encode(message as never))
  }

  seal(encoded: Uint8Array[]): Uint8Array {
    return encoded.length === 1 ? encoded[0]! : Buffer.concat(encoded)
  }

  blames(error: unknown): error is Sv1Error {
    return error instanceof Sv1Error
  }

  /** Much of what is said to one peer comes from another peer, which may not keep to the ranges of V1. */
  refuses(error: unknown): error is RangeError {
    return error instanceof RangeError
  }
}
