import type { AeadKey, RandomBytes } from './crypto-backend.ts'

/** A public key in its two forms: as it goes through the handshake, and as a certificate names it. */
export interface PublicKey {
  /** As sent in a handshake message: 32 bytes (X25519) or 64 (ElligatorSwift). */
  readonly wire: Uint8Array
  /** PUBKEY of a certificate, 32 bytes: the X25519 key itself, or the x-coordinate, big-endian. */
  readonly key: Uint8Array
}

/** A key pair of the handshake, ephemeral or static. */
export interface KeyPair extends PublicKey {
  /** 32 bytes. Never leaves this process. */
  readonly secret: Uint8Array
}

/** An authority's key pair: what signs certificates, and what clients are configured with. */
export interface AuthorityKeyPair {
  /** 32 bytes: a secp256k1 scalar, or an Ed25519 seed. */
  readonly secret: Uint8Array
  /** 32 bytes: an x-only secp256k1 key, or an Ed25519 key. */
  readonly publicKey: Uint8Array
}

/** On which side of the handshake one stands: `initiator` is the client. */
export type HandshakeRole = 'initiator' | 'responder'

/** All that differs between Noise suites; the handshake and the states above know nothing else of them. */
export interface NoiseSuite {
  /** The full protocol name, e.g. `Noise_NX_25519_ChaChaPoly_BLAKE2s`. */
  readonly protocolName: string
  /** Bytes of a public key on the wire (DHLEN of the Noise specification). */
  readonly wireKeyLength: number
  /**
   * Byte order of the 64-bit counter in the nonce: little for ChaChaPoly, big for AESGCM (Noise §12.3,
   * §12.4).
   */
  readonly nonceOrder: 'little' | 'big'
  /** HASH of the Noise specification, 32 bytes. */
  hash(data: Uint8Array): Uint8Array
  /** HMAC-HASH, 32 bytes. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array
  aead(key: Uint8Array): AeadKey
  /** Whether 32 bytes are a secret of this curve: for secp256k1 1 … n − 1, for X25519 anything. */
  isSecret(secret: Uint8Array): boolean
  /** @throws {RangeError} when the secret is outside the curve's range */
  keyPair(secret: Uint8Array, randomBytes: RandomBytes): KeyPair
  /** Reads a peer's key of `wireKeyLength` bytes; copies nothing. */
  publicKey(wire: Uint8Array): PublicKey
  /**
   * The shared secret of our pair and their key; `role` is ours, for suites that hash both keys in order.
   * @throws {NoiseError} bad-key when their key yields none
   */
  dh(ours: KeyPair, theirs: PublicKey, role: HandshakeRole): Uint8Array
}

/** The signature scheme of an edition's authority key. */
export interface CertificateScheme {
  /** 64 bytes over `signed`, the fields of the certificate. */
  sign(signed: Uint8Array, authoritySecret: Uint8Array, randomBytes: RandomBytes): Uint8Array
  verify(signature: Uint8Array, signed: Uint8Array, authorityKey: Uint8Array): boolean
  /** Whether 32 bytes are an authority secret of this scheme: a scalar 1 … n − 1, or any Ed25519 seed. */
  isSecret(secret: Uint8Array): boolean
  /** The public key of a secret. @throws {RangeError} when the secret is outside the range of its curve */
  authorityKey(secret: Uint8Array): Uint8Array
}
