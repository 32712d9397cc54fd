import { type CertificateStyle, TEXT_STYLE } from '@sv2/noise'

/**
 * How a server of the draft edition shows its certificate. `seeds`: 42 signed bytes, SIGNATURE bare, as the documents of
 * the draft say. `deployed`: 78 signed bytes, as software that was built from them verifies it. `auto`: that for clients
 * that begin with the prelude of 2022, and the seeds' form for all others, since those of 2020 cannot be told apart.
 */
export const DRAFT_CERTIFICATES = ['auto', 'seeds', 'deployed'] as const

export type DraftCertificate = (typeof DRAFT_CERTIFICATES)[number]

/**
 * Whose reading of the draft a server speaks by: that of the documents, or of the software that verifies the certificate
 * it is shown. The first public implementation, of 2020, has no group jobs and sums of 32 bits; the reference
 * implementation of 2022 reads a merkle root behind its length (docs/wire.md O-03, O-28).
 */
export type DraftReading = 'seeds' | '2020' | '2022'

/** The reading of clients that begin with the prelude of 2022, or without. */
export function draftReading(name: DraftCertificate, begins: 'with prelude' | 'without'): DraftReading {
  if (begins === 'with prelude') return name === 'seeds' ? 'seeds' : '2022'
  return name === 'deployed' ? '2020' : 'seeds'
}

/** Braiins' software of 2020 reads SIGNATURE behind its length. */
const OF_2020: CertificateStyle = { form: 'deployed', variant: 'prefixed' }
/** The reference implementation of 2022, which begins with a prelude, reads it bare. */
const OF_2022: CertificateStyle = { form: 'deployed', variant: 'plain' }

/** The certificates to show, without and with a prelude. */
export function certificateStyles(name: DraftCertificate): {
  readonly certificate: CertificateStyle
  readonly preludeCertificate: CertificateStyle
} {
  return {
    certificate: name === 'deployed' ? OF_2020 : TEXT_STYLE,
    preludeCertificate: name === 'seeds' ? TEXT_STYLE : OF_2022,
  }
}
