export {
  type AuthorityKey,
  decodeAuthorityKey,
  decodeSecretKey,
  encodeAuthorityKey,
  encodeSecretKey,
} from './authority-key.ts'
export {
  type Certificate,
  type CertificateFields,
  type CertificateForm,
  type CertificateStyle,
  decodeCertificate,
  encodeCertificate,
  type SignatureVariant,
  signCertificate,
  TEXT_STYLE,
  verifyCertificate,
} from './certificate.ts'
export type { AeadKey, CryptoBackend, RandomBytes } from './crypto-backend.ts'
export { type Detection, detectFirstFlight, type FirstFlight } from './detect.ts'
export type { Edition } from './edition.ts'
export { certificatesOf, suiteOf } from './edition-suite.ts'
export { NoiseError, type NoiseErrorCode } from './errors.ts'
export { createInitiator, type Initiator, type InitiatorSettings } from './initiator.ts'
export { makeAuthorityKeyPair, makeKeyPair } from './keys.ts'
export { nobleBackend } from './noble-backend.ts'
export { plainTransport } from './plain-transport.ts'
export { formatPoolUrl, type PoolUrl, parsePoolUrl } from './pool-url.ts'
export { createResponder, type Responder, type ResponderSettings } from './responder.ts'
export type { HandshakeStep, NoiseDeps, Secured } from './secured.ts'
export {
  fixedIdentity,
  type ServerIdentity,
  type SigningIdentitySettings,
  signingIdentity,
} from './server-identity.ts'
export type { AuthorityKeyPair, CertificateScheme, KeyPair, NoiseSuite, PublicKey } from './suite.ts'
export type { CipherName } from './suites/x25519-blake2s.ts'
export type { Transport } from './transport.ts'
