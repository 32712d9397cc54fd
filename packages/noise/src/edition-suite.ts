import type { CryptoBackend } from './crypto-backend.ts'
import type { Edition } from './edition.ts'
import type { CertificateScheme, NoiseSuite } from './suite.ts'
import { schnorrCertificates, secp256k1EllswiftSha256 } from './suites/secp256k1-ellswift-sha256.ts'
import { type CipherName, ed25519Certificates, x25519Blake2s } from './suites/x25519-blake2s.ts'

/**
 * The Noise suite of an edition. `cipher` differs from ChaChaPoly only after a prelude (docs/wire.md §3.2.4).
 */
export function suiteOf(
  edition: Edition,
  backend: CryptoBackend,
  cipher: CipherName = 'ChaChaPoly',
): NoiseSuite {
  return edition === 'current' ? secp256k1EllswiftSha256(backend) : x25519Blake2s(backend, cipher)
}

/** How certificates of an edition are signed. */
export function certificatesOf(edition: Edition, backend: CryptoBackend): CertificateScheme {
  return edition === 'current' ? schnorrCertificates(backend) : ed25519Certificates(backend)
}
