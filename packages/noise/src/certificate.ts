import type { RandomBytes } from './crypto-backend.ts'
import { NoiseError } from './errors.ts'
import type { CertificateScheme } from './suite.ts'

/** What an authority states about a server's static key (SIGNATURE_NOISE_MESSAGE without the signature). */
export interface CertificateFields {
  /** U16; 0 in every known implementation. */
  readonly version: number
  /** U32, unix seconds, inclusive. */
  readonly validFrom: number
  /** U32, unix seconds, inclusive. */
  readonly notValidAfter: number
}

/** A signed certificate, as it travels in act 2; the server's key travels beside it. */
export interface Certificate extends CertificateFields {
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/**
 * Which bytes are signed. `text`: the 42 bytes of the specification, the only form of the current edition.
 * `deployed`: the 78 bytes that 25519 software of 2020–2022 signed (docs/wire.md §3.2.3).
 */
export type CertificateForm = 'text' | 'deployed'

/** How SIGNATURE is written: bare, or behind a U16 length (docs/wire.md O-01; draft only). */
export type SignatureVariant = 'plain' | 'prefixed'

/** How a server of the draft edition shows its certificate. */
export interface CertificateStyle {
  readonly form: CertificateForm
  readonly variant: SignatureVariant
}

/** As the documents of the draft say it, and the current edition has it. */
export const TEXT_STYLE: CertificateStyle = { form: 'text', variant: 'plain' }

const HEAD_BYTES = 10
const SIGNATURE_BYTES = 64
const KEY_BYTES = 32
const PLAIN_BYTES = HEAD_BYTES + SIGNATURE_BYTES

/** The keys a certificate joins: the server's static key and its authority's, 32 bytes each (PUBKEY). */
export interface CertificateKeys {
  readonly serverKey: Uint8Array
  readonly authorityKey: Uint8Array
}

/** What signing takes besides the fields. */
export interface Signing {
  readonly scheme: CertificateScheme
  readonly authoritySecret: Uint8Array
  /** The server's static key, 32 bytes (x-only in the current edition). */
  readonly serverKey: Uint8Array
  readonly form: CertificateForm
}

/** Signs a server's static key with the authority's secret. */
export function signCertificate(
  fields: CertificateFields,
  signing: Signing,
  randomBytes: RandomBytes,
): Certificate {
  const { scheme, authoritySecret, serverKey, form } = signing
  const authorityKey = scheme.authorityKey(authoritySecret)
  const signed = signedBytes(fields, { serverKey, authorityKey }, form)
  return { ...fields, signature: scheme.sign(signed, authoritySecret, randomBytes) }
}

/** What a verifier holds against a certificate. */
export interface CertificatePolicy {
  readonly scheme: CertificateScheme
  /** The forms accepted; their lengths differ, so that no signature can be read two ways. */
  readonly forms: readonly CertificateForm[]
  /** How far the clocks may be apart before a validity limit counts, in seconds. */
  readonly clockToleranceSeconds: number
}

/**
 * Checks signature, version and validity, in this order: nothing unsigned is believed.
 * @throws {NoiseError} bad-certificate-signature · certificate-version · certificate-not-yet-valid ·
 * certificate-expired, the last two with `clockDifferenceSeconds`
 */
export function verifyCertificate(
  certificate: Certificate,
  keys: CertificateKeys,
  policy: CertificatePolicy,
  unixSeconds: number,
): void {
  const signed = policy.forms.some((form) =>
    policy.scheme.verify(certificate.signature, signedBytes(certificate, keys, form), keys.authorityKey),
  )
  if (!signed) {
    throw new NoiseError('bad-certificate-signature', 'the configured authority did not sign this server')
  }
  if (certificate.version !== 0) {
    throw new NoiseError('certificate-version', `version ${certificate.version} is not known, only 0`)
  }
  checkClock(certificate, policy.clockToleranceSeconds, unixSeconds)
}

function checkClock(certificate: Certificate, toleranceSeconds: number, unixSeconds: number): void {
  const early = certificate.validFrom - unixSeconds
  if (early > toleranceSeconds) {
    throw new NoiseError(
      'certificate-not-yet-valid',
      `this machine's clock is ${early} s before the start of the certificate (tolerance ${toleranceSeconds} s): ` +
        "set this clock or the server's",
      -early,
    )
  }
  const late = unixSeconds - certificate.notValidAfter
  if (late > toleranceSeconds) {
    throw new NoiseError(
      'certificate-expired',
      `this machine's clock is ${late} s after the end of the certificate (tolerance ${toleranceSeconds} s): ` +
        'set this clock, or have the server sign a new certificate',
      late,
    )
  }
}

/**
 * The bytes an authority signs, all integers little-endian: `version ‖ valid_from ‖ not_valid_after ‖ server
 * key` (42), or with both keys behind `20 00` (78).
 */
export function signedBytes(
  fields: CertificateFields,
  keys: CertificateKeys,
  form: CertificateForm,
): Uint8Array {
  if (form === 'text') {
    const bytes = new Uint8Array(HEAD_BYTES + KEY_BYTES)
    writeFields(bytes, fields)
    bytes.set(keys.serverKey, HEAD_BYTES)
    return bytes
  }
  const bytes = new Uint8Array(HEAD_BYTES + 2 * (2 + KEY_BYTES))
  writeFields(bytes, fields)
  bytes[10] = KEY_BYTES
  bytes.set(keys.serverKey, 12)
  bytes[44] = KEY_BYTES
  bytes.set(keys.authorityKey, 46)
  return bytes
}

/** SIGNATURE_NOISE_MESSAGE: 74 bytes plain, 76 with the U16 prefix in front of the signature. */
export function encodeCertificate(certificate: Certificate, variant: SignatureVariant): Uint8Array {
  const prefix = variant === 'prefixed' ? 2 : 0
  const bytes = new Uint8Array(PLAIN_BYTES + prefix)
  writeFields(bytes, certificate)
  if (prefix > 0) bytes[HEAD_BYTES] = SIGNATURE_BYTES
  bytes.set(certificate.signature, HEAD_BYTES + prefix)
  return bytes
}

/**
 * Reads SIGNATURE_NOISE_MESSAGE of either variant, told apart by length alone: implementations of 2022 wrote
 * a wrong number into the prefix (docs/wire.md O-01). `signature` is a view into `bytes`.
 * @throws {NoiseError} bad-length
 */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  if (bytes.length !== PLAIN_BYTES && bytes.length !== PLAIN_BYTES + 2) {
    throw new NoiseError('bad-length', `a certificate message of ${bytes.length} bytes`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    version: view.getUint16(0, true),
    validFrom: view.getUint32(2, true),
    notValidAfter: view.getUint32(6, true),
    signature: bytes.subarray(bytes.length - SIGNATURE_BYTES),
  }
}

function writeFields(bytes: Uint8Array, fields: CertificateFields): void {
  checkRange('version', fields.version, 0xffff)
  checkRange('validFrom', fields.validFrom, 0xffff_ffff)
  checkRange('notValidAfter', fields.notValidAfter, 0xffff_ffff)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint16(0, fields.version, true)
  view.setUint32(2, fields.validFrom, true)
  view.setUint32(6, fields.notValidAfter, true)
}

function checkRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`certificate ${name} ${value} is not an integer from 0 to ${max}`)
  }
}
