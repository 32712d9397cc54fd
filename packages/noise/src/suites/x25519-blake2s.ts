import type { CryptoBackend } from '../crypto-backend.ts'
import { NoiseError } from '../errors.ts'
import type { CertificateScheme, NoiseSuite } from '../suite.ts'

/**
 * The ciphers of the 25519 suites. AESGCM was only ever reached through the prelude of 2022 (docs/wire.md
 * §3.2.4).
 */
export type CipherName = 'ChaChaPoly' | 'AESGCM'

/** Noise over Curve25519 with BLAKE2s: the draft edition (docs/wire.md §3.2.1). */
export function x25519Blake2s(backend: CryptoBackend, cipher: CipherName = 'ChaChaPoly'): NoiseSuite {
  return x25519Suite(backend, cipher, 'BLAKE2s')
}

/** Any Noise_NX_25519 suite of these ciphers and hashes; SHA256 is in public test vectors only. */
export function x25519Suite(
  backend: CryptoBackend,
  cipher: CipherName,
  hash: 'BLAKE2s' | 'SHA256',
): NoiseSuite {
  return {
    protocolName: `Noise_NX_25519_${cipher}_${hash}`,
    wireKeyLength: 32,
    nonceOrder: cipher === 'AESGCM' ? 'big' : 'little',
    hash: hash === 'BLAKE2s' ? backend.blake2s : backend.sha256,
    hmac: hash === 'BLAKE2s' ? backend.hmacBlake2s : backend.hmacSha256,
    aead: cipher === 'AESGCM' ? backend.aes256Gcm : backend.chacha20Poly1305,
    isSecret: (secret) => secret.length === 32,
    keyPair: (secret) => {
      const key = backend.x25519PublicKey(secret)
      return { secret, key, wire: key }
    },
    publicKey: (wire) => ({ wire, key: wire }),
    dh: (ours, theirs) => {
      const shared = backend.x25519(ours.secret, theirs.key)
      if (shared === undefined) throw new NoiseError('bad-key', 'the peer sent a key of low order')
      return shared
    },
  }
}

/** Plain Ed25519 over the certificate's signed bytes, which are not hashed before (docs/wire.md §3.2.1). */
export function ed25519Certificates(backend: CryptoBackend): CertificateScheme {
  return {
    sign: (signed, seed) => backend.ed25519Sign(signed, seed),
    verify: backend.ed25519Verify,
    isSecret: (seed) => seed.length === 32,
    authorityKey: backend.ed25519PublicKey,
  }
}
