import { hash } from 'node:crypto'
import type { Sha256d } from '@sv2/bitcoin'

/** SHA-256 twice by OpenSSL, several times faster than the portable reference; 32 bytes in wire order. */
export const fastSha256d: Sha256d = (data) => hash('sha256', hash('sha256', data, 'buffer'), 'buffer')
