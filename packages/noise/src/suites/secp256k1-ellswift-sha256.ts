import type { CryptoBackend } from '../crypto-backend.ts'
import { NoiseError } from '../errors.ts'
import type { CertificateScheme, HandshakeRole, KeyPair, NoiseSuite, PublicKey } from '../suite.ts'

/** n of secp256k1 (SEC 2 §2.4.1). */
const GROUP_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const ECDH_TAG = 'bip324_ellswift_xonly_ecdh'

/**
 * The one suite of the current edition: secp256k1 with ElligatorSwift keys, ChaChaPoly, SHA-256
 * (sv2-spec 04, docs/wire.md §3.3.1).
 */
export function secp256k1EllswiftSha256(backend: CryptoBackend): NoiseSuite {
  return {
    protocolName: 'Noise_NX_Secp256k1+EllSwift_ChaChaPoly_SHA256',
    wireKeyLength: 64,
    nonceOrder: 'little',
    hash: backend.sha256,
    hmac: backend.hmacSha256,
    aead: backend.chacha20Poly1305,
    isSecret: isSecp256k1Secret,
    keyPair: (secret, randomBytes) => {
      checkSecret(secret)
      const key = backend.secp256k1XOnlyPublicKey(secret)
      return { secret, key, wire: backend.ellswiftEncode(key, randomBytes) }
    },
    publicKey: (wire) => ({ wire, key: backend.ellswiftDecode(wire) }),
    dh: (ours, theirs, role) => ellswiftEcdh(backend, ours, theirs, role),
  }
}

/** BIP 340 over the SHA-256 of the certificate's signed bytes (docs/wire.md §3.3.3). */
export function schnorrCertificates(backend: CryptoBackend): CertificateScheme {
  return {
    sign: (signed, secret, randomBytes) =>
      backend.schnorrSign(backend.sha256(signed), secret, randomBytes(32)),
    verify: (signature, signed, authorityKey) =>
      backend.schnorrVerify(signature, backend.sha256(signed), authorityKey),
    isSecret: isSecp256k1Secret,
    authorityKey: (secret) => {
      checkSecret(secret)
      return backend.secp256k1XOnlyPublicKey(secret)
    },
  }
}

/** Whether 32 bytes, big-endian, are a secp256k1 secret: 1 … n − 1 (docs/wire.md C-18). */
export function isSecp256k1Secret(secret: Uint8Array): boolean {
  if (secret.length !== 32) return false
  const scalar = BigInt(`0x${Array.from(secret, (byte) => byte.toString(16).padStart(2, '0')).join('')}`)
  return scalar > 0n && scalar < GROUP_ORDER
}

function checkSecret(secret: Uint8Array): void {
  // The value is a secret: the message must not show it.
  if (!isSecp256k1Secret(secret)) throw new RangeError('a secp256k1 secret is 32 bytes from 1 to n − 1')
}

/**
 * `SHA256(t ‖ t ‖ ell_initiator ‖ ell_responder ‖ x32)` with `t = SHA256(ECDH_TAG)`: the initiator's encoding
 * comes first on both sides (BIP 324 `v2_ecdh`).
 */
function ellswiftEcdh(
  backend: CryptoBackend,
  ours: KeyPair,
  theirs: PublicKey,
  role: HandshakeRole,
): Uint8Array {
  const shared = backend.secp256k1XOnlyEcdh(ours.secret, theirs.key)
  if (shared === undefined) throw new NoiseError('bad-key', 'the peer sent a key that is not a curve point')
  const input = new Uint8Array(224)
  input.set(tagHash(backend), 0)
  input.copyWithin(32, 0, 32)
  input.set(role === 'initiator' ? ours.wire : theirs.wire, 64)
  input.set(role === 'initiator' ? theirs.wire : ours.wire, 128)
  input.set(shared, 192)
  return backend.sha256(input)
}

function tagHash(backend: CryptoBackend): Uint8Array {
  return backend.sha256(new TextEncoder().encode(ECDH_TAG))
}
