import { decodeToServer } from './decode-to-server.ts'
import { encodeToMiner } from './encode-to-miner.ts'
import type { Sv1ToMiner } from './to-miner.ts'
import type { Sv1ToServer } from './to-server.ts'

/** Stratum V1 as a server reads and writes it. */
export const sv1Server: {
  /** Reads one line of a miner's, without its line feed. Total: nonsense comes back as `malformed`. */
  readonly decode: (line: string) => Sv1ToServer
  /**
   * Writes one line with its line feed. The bytes of one `mining.notify` object are the same array each time: share
   * them, never change them.
   * @throws {RangeError} for a value that does not fit its field
   */
  readonly encode: (message: Sv1ToMiner) => Uint8Array
} = { decode: decodeToServer, encode: encodeToMiner }
