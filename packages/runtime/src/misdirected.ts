import type { EditionName } from './editions.ts'

/**
 * What is said of clients that came to the wrong door, by what they speak: what came, then where to point it. The part
 * before the colon is a label of a metric.
 */
export const MISDIRECTED = {
  http: 'speaks HTTP: this is a door for miners; metrics and health have a port of their own, see [monitoring]',
  tls: 'speaks TLS: write stratum2+tcp:// or stratum+tcp:// in its URL, or point it at a door with tls_certificate_file',
  v1: 'speaks Stratum V1: point it at a door with protocol = "v1" or "both", or at a translator',
  v2: 'speaks Stratum V2: point it at a door with protocol = "v2" or "both"',
  plaintext:
    'speaks plaintext Stratum V2: give it the URL with the authority key, or point it at a door with noise = false',
  encrypted: 'wants encryption: point it at a door with noise = true, or turn its encryption off',
} as const

/** The same of a client of another edition. */
export function ofOtherEdition(spoken: EditionName): string {
  return `speaks edition ${spoken}: point it at a door with edition = "${spoken}" or "auto"`
}
