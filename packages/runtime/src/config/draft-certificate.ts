import { type CertificateStyle, TEXT_STYLE } from '@sv2/noise'

/**
 * How a server of the draft edition shows its certificate. `seeds`: 42 signed bytes, SIGNATURE bare, as the documents of
 * the draft say. `deployed`: 78 signed bytes, as software that was built from them verifies it. `auto`: that for clients
 * that begin with the prelude of 2022, and the seeds' form for all others, since those of 2020 cannot be told apart.
 */
export const DRAFT_CERTIFICATES = ['auto', 'seeds', 'deployed'] as const

export type DraftCertificate = (typeof DRAFT_CERTIFICATES)[number]

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
