import type { Sha256d } from '@sv2/bitcoin'
import { nodeHashes } from './node-hashes.ts'
import { merkleRootInWords, sha256dInWords } from './sha256-words.ts'

/** Up to here the hash in TypeScript is faster than two calls into OpenSSL, bytes; measured in bench/crypto.ts. */
const SMALL_BYTES = 247

/** Double SHA-256 as fast as this process can: the hash of every share, and of every merkle node. 32 bytes. */
export const fastSha256d: Sha256d = Object.assign(
  (data: Uint8Array): Uint8Array =>
    data.length <= SMALL_BYTES ? sha256dInWords(data) : plain(nodeHashes.sha256(nodeHashes.sha256(data))),
  { merkleRoot: merkleRootInWords },
)

/** SHA-256 once, by OpenSSL. 32 bytes. */
export const fastSha256 = (data: Uint8Array): Uint8Array => plain(nodeHashes.sha256(data))

/**
 * The same bytes in an array of their own: those of OpenSSL lie outside of the heap, each behind an object that the collector
 * has to look after, and many hashes are kept.
 */
function plain(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(32)
  digest.set(bytes)
  return digest
}
