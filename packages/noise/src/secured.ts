import type { Certificate } from './certificate.ts'
import type { CryptoBackend, RandomBytes } from './crypto-backend.ts'
import type { Edition } from './edition.ts'
import { FramedTransport } from './framed-transport.ts'
import type { HandshakeResult } from './handshake.ts'
import { PrefixedTransport } from './prefixed-transport.ts'
import type { Transport } from './transport.ts'

/** What handshakes take from outside. */
export interface NoiseDeps {
  readonly randomBytes: RandomBytes
  readonly backend: CryptoBackend
}

/** A connection whose handshake is through. */
export interface Secured {
  readonly transport: Transport
  /** Bytes that came behind the handshake: the first to give to `transport.open`. Often empty. */
  readonly rest: Uint8Array
  /** 32 bytes that name this handshake, the same on both sides (Noise §11.2). */
  readonly handshakeHash: Uint8Array
  /** What the server showed. On the server's side undefined. */
  readonly certificate: Certificate | undefined
  /** The server's static key as certificates name it, 32 bytes. On the server's side undefined. */
  readonly serverKey: Uint8Array | undefined
}

/**
 * What a received chunk led to: maybe bytes to send now, maybe the end of the handshake, maybe neither yet.
 */
export interface HandshakeStep {
  readonly reply: Uint8Array | undefined
  readonly done: Secured | undefined
}

/** The step that only waits for more bytes. */
export const WAITING: HandshakeStep = { reply: undefined, done: undefined }

/** The transport of an edition over the keys of a finished handshake. */
export function transportOf(
  edition: Edition,
  keys: HandshakeResult,
  maxPayloadBytes: number | undefined,
): Transport {
  const { send, receive } = keys
  if (edition === 'draft') return new PrefixedTransport({ send, receive })
  return new FramedTransport(
    maxPayloadBytes === undefined ? { send, receive } : { send, receive, maxPayloadBytes },
  )
}
