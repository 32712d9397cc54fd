import { type Certificate, type CertificateForm, signCertificate } from './certificate.ts'
import type { RandomBytes } from './crypto-backend.ts'
import type { CertificateScheme, KeyPair } from './suite.ts'

/** Who a server is: its static key and a certificate for it. Shared by all its connections. */
export interface ServerIdentity {
  readonly staticPair: KeyPair
  /** The certificate to show at this time, signed in this form; `text` when nothing is said. */
  certificateAt(unixSeconds: number, form?: CertificateForm): Certificate
}

/** An identity whose certificate was signed elsewhere; the authority's secret is not on this machine. */
export function fixedIdentity(staticPair: KeyPair, certificate: Certificate): ServerIdentity {
  return { staticPair, certificateAt: () => certificate }
}

/** What a signing identity is made of. */
export interface SigningIdentitySettings {
  readonly scheme: CertificateScheme
  readonly staticPair: KeyPair
  readonly authoritySecret: Uint8Array
  /** How long each certificate is good for, in seconds. */
  readonly validitySeconds: number
}

/** One hour: a client whose clock is slow by less still accepts a certificate just made. */
const BACKDATED_SECONDS = 3600
const LAST_U32 = 0xffff_ffff

/**
 * An identity that signs its own certificates, from one hour ago to now + validity, and makes the next one
 * when half of the validity is over or the clock was set back before its start.
 * @throws {RangeError} when the validity is not a positive integer
 */
export function signingIdentity(
  settings: SigningIdentitySettings,
  deps: { readonly randomBytes: RandomBytes },
): ServerIdentity {
  const { validitySeconds, staticPair, scheme, authoritySecret } = settings
  if (!Number.isInteger(validitySeconds) || validitySeconds < 1) {
    throw new RangeError(`certificate validity ${validitySeconds} s is not a positive integer`)
  }
  if (!scheme.isSecret(authoritySecret)) throw new RangeError('the authority secret is outside its range')
  const signing = { scheme, authoritySecret, serverKey: staticPair.key }
  const newest = new Map<CertificateForm, Certificate>()
  return {
    staticPair,
    certificateAt: (unixSeconds, form = 'text') => {
      const latest = newest.get(form)
      if (latest !== undefined && !isStale(latest, unixSeconds, validitySeconds)) return latest
      const fields = {
        version: 0,
        validFrom: Math.max(0, unixSeconds - BACKDATED_SECONDS),
        notValidAfter: Math.min(LAST_U32, unixSeconds + validitySeconds),
      }
      const made = signCertificate(fields, { ...signing, form }, deps.randomBytes)
      newest.set(form, made)
      return made
    },
  }
}

function isStale(certificate: Certificate, unixSeconds: number, validitySeconds: number): boolean {
  const remaining = certificate.notValidAfter - unixSeconds
  return remaining * 2 < validitySeconds || unixSeconds < certificate.validFrom
}
