/** Makes `length` unpredictable bytes. Injected; in tests a fixed sequence. */
export type RandomBytes = (length: number) => Uint8Array

/**
 * One 32-byte AEAD key, ready for many messages in one direction. Made once per direction, so that a
 * backend can keep whatever its library wants to keep of a key.
 */
export interface AeadKey {
  /**
   * Encrypts `plaintext` and writes ciphertext and 16-byte tag to `out`.
   * `out` is exactly `plaintext.length + 16` bytes, usually a view into a larger buffer, and overlaps
   * neither input. `nonce` is 12 bytes and the caller's to change afterwards: never keep it.
   */
  seal(nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void
  /**
   * Decrypts `ciphertext` (with its 16-byte tag at the end) into `out`, exactly `ciphertext.length - 16`
   * bytes. Returns false when the tag does not fit; the content of `out` is then not to be used.
   */
  open(nonce: Uint8Array, associatedData: Uint8Array, ciphertext: Uint8Array, out: Uint8Array): boolean
}

/**
 * Every primitive the two editions need. A flat record of functions without `this`, so that a faster one can
 * be put in piece by piece: `{ ...nobleBackend, chacha20Poly1305: fast }`. Each piece has to pass
 * `describeBackend` of `@sv2/noise/backend-conformance`, which compares it with noble.
 *
 * Secrets are 32 bytes. Functions that combine a secret with a peer's key return undefined when that key
 * yields no secret; every other wrong input is our own mistake and throws.
 */
export interface CryptoBackend {
  /** ChaCha20-Poly1305 under a 32-byte key (RFC 8439 §2.8). */
  readonly chacha20Poly1305: (key: Uint8Array) => AeadKey
  /** AES-256-GCM under a 32-byte key, 12-byte nonce, 16-byte tag (NIST SP 800-38D). */
  readonly aes256Gcm: (key: Uint8Array) => AeadKey
  /** SHA-256, 32 bytes (FIPS 180-4). */
  readonly sha256: (data: Uint8Array) => Uint8Array
  /** BLAKE2s-256 without key, 32 bytes (RFC 7693). */
  readonly blake2s: (data: Uint8Array) => Uint8Array
  /** HMAC-SHA-256 (RFC 2104). */
  readonly hmacSha256: (key: Uint8Array, data: Uint8Array) => Uint8Array
  /** HMAC over BLAKE2s-256 with block size 64: the generic construction, not keyed BLAKE2s (Noise §5.1). */
  readonly hmacBlake2s: (key: Uint8Array, data: Uint8Array) => Uint8Array
  /** The 32-byte u-coordinate of an X25519 secret (RFC 7748). */
  readonly x25519PublicKey: (secret: Uint8Array) => Uint8Array
  /** X25519. Undefined for a low-order public key, whose result would be all zero. */
  readonly x25519: (secret: Uint8Array, publicKey: Uint8Array) => Uint8Array | undefined
  /** The 32-byte Ed25519 public key of a seed (RFC 8032). */
  readonly ed25519PublicKey: (seed: Uint8Array) => Uint8Array
  /** Plain Ed25519 over the whole message: 64 bytes. */
  readonly ed25519Sign: (message: Uint8Array, seed: Uint8Array) => Uint8Array
  /** True when the 64-byte signature fits. False for anything wrong, malformed keys included. */
  readonly ed25519Verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean
  /** The x-coordinate, big-endian, of a secret's secp256k1 point. Throws for 0 and ≥ n. */
  readonly secp256k1XOnlyPublicKey: (secret: Uint8Array) => Uint8Array
  /** x of secret · lift_x(x32), big-endian. Undefined when x32 is not an x-coordinate of the curve. */
  readonly secp256k1XOnlyEcdh: (secret: Uint8Array, x32: Uint8Array) => Uint8Array | undefined
  /** BIP 340 signature over `message` with 32 bytes of auxiliary randomness: 64 bytes. */
  readonly schnorrSign: (message: Uint8Array, secret: Uint8Array, auxiliary: Uint8Array) => Uint8Array
  /** True when the BIP 340 signature fits. False for anything wrong, malformed keys included. */
  readonly schnorrVerify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean
  /**
   * One of the many 64-byte ElligatorSwift encodings of an x-coordinate, picked by `randomBytes` (BIP 324).
   */
  readonly ellswiftEncode: (x32: Uint8Array, randomBytes: RandomBytes) => Uint8Array
  /** The x-coordinate, 32 bytes big-endian, that any 64 bytes stand for (BIP 324 XSwiftEC). */
  readonly ellswiftDecode: (encoding: Uint8Array) => Uint8Array
}
