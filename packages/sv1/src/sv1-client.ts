import { decodeFromPool } from './decode-from-pool.ts'
import { encodeToPool } from './encode-to-pool.ts'
import type { Sv1FromPool } from './to-miner.ts'
import type { Sv1ToPool } from './to-server.ts'

/** Stratum V1 as a miner, or a translator at a V1 pool, reads and writes it. */
export const sv1Client: {
  /** Reads one line of a pool's, without its line feed. Total: nonsense comes back as `malformed`. */
  readonly decode: (line: string) => Sv1FromPool
  /**
   * Writes one line with its line feed.
   * @throws {RangeError} for a value that does not fit its field
   */
  readonly encode: (message: Sv1ToPool) => Uint8Array
} = { decode: decodeFromPool, encode: encodeToPool }
