import { createHash } from 'node:crypto'
import type { Sha256d } from '@sv2/bitcoin'

/** SHA-256 twice by OpenSSL, several times faster than the portable reference; 32 bytes in wire order. */
export const fastSha256d: Sha256d = (data) =>
  createHash('sha256').update(createHash('sha256').update(data).digest()).digest()
