import type { RandomBytes } from './crypto-backend.ts'
import type { AuthorityKeyPair, CertificateScheme, KeyPair, NoiseSuite } from './suite.ts'

// A sound source misses secp256k1's range once in 2^128 draws; several misses mean that it is broken.
const DRAWS = 4

/**
 * A fresh key pair of a suite, ephemeral or static, from injected randomness. Draws again when the bytes are
 * 0 or not below the group order (docs/wire.md SEC-17).
 * @throws {Error} when the random source keeps answering with invalid keys
 */
export function makeKeyPair(suite: NoiseSuite, randomBytes: RandomBytes): KeyPair {
  return suite.keyPair(drawSecret(suite, randomBytes), randomBytes)
}

/**
 * A fresh authority key pair: `publicKey` is what clients are configured with, `secret` signs certificates.
 * @throws {Error} when the random source keeps answering with invalid keys
 */
export function makeAuthorityKeyPair(scheme: CertificateScheme, randomBytes: RandomBytes): AuthorityKeyPair {
  const secret = drawSecret(scheme, randomBytes)
  return { secret, publicKey: scheme.authorityKey(secret) }
}

function drawSecret(range: Pick<NoiseSuite, 'isSecret'>, randomBytes: RandomBytes): Uint8Array {
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const secret = randomBytes(32)
    if (range.isSecret(secret)) return secret
  }
  throw new Error(`the random source gave ${DRAWS} invalid secrets in a row`)
}
