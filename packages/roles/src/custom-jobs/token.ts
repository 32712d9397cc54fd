import { BitcoinError, ByteReader, concatBytes } from '@sv2/bitcoin'
import { type JobCommitment, SHORT_HASH_SIZE, shortHash } from './commitment.ts'

/** Authenticates tokens: HMAC-SHA-256 with the key that pool and server share, 32 bytes. */
export type TokenMac = (bytes: Uint8Array) => Uint8Array

/** Bytes of a token's serial number. */
export const SERIAL_SIZE = 8
/** Bytes of the scripts of all outputs that a token names, with a length byte each, so that it fits into a B0_255. */
export const MAX_TOKEN_SCRIPTS = 112

const MAC_SIZE = 16
const FORMAT = 1

/**
 * What a token of the server says to the pool. Nothing of it is kept anywhere: a server that has the key can make one,
 * and a pool that has the key can check one, on any machine.
 */
export interface MiningJobToken {
  /** Random; tells tokens apart. */
  readonly serial: Uint8Array
  /** Unix seconds. */
  readonly expires: number
  /** `accountKey` of the user it was given to. */
  readonly account: Uint8Array
  /** Scripts that the coinbase has outputs for; the first pays the pool. */
  readonly outputs: readonly Uint8Array[]
  /** It may be used for a job that the server has not seen. */
  readonly usableAtOnce: boolean
  /**
   * The payout distribution that the coinbase follows in place of `outputs`; 0 before a job is declared. Undefined: it
   * follows none.
   */
  readonly distributionId?: bigint | undefined
  /** The job that the server has checked; undefined before. */
  readonly commitment: JobCommitment | undefined
}

/** How a token names a user. */
export function accountKey(user: string): Uint8Array {
  return shortHash(new TextEncoder().encode(user))
}

/** The bytes of a token, 255 at most. @throws {RangeError} when the scripts of its outputs are too long */
export function sealToken(token: MiningJobToken, mac: TokenMac): Uint8Array {
  const scripts = concatBytes(
    ...token.outputs.map((script) => concatBytes(Uint8Array.of(script.length), script)),
  )
  if (scripts.length > MAX_TOKEN_SCRIPTS || token.outputs.some((script) => script.length > 255))
    throw new RangeError(`output scripts of ${scripts.length} bytes, not up to ${MAX_TOKEN_SCRIPTS}`)
  const { commitment, distributionId } = token
  const flags =
    (token.usableAtOnce ? 1 : 0) | (commitment === undefined ? 0 : 2) | (distributionId === undefined ? 0 : 4)
  const body = concatBytes(
    Uint8Array.of(FORMAT, flags),
    token.serial,
    uint32(token.expires),
    token.account,
    Uint8Array.of(token.outputs.length),
    scripts,
    distributionId === undefined ? new Uint8Array(0) : uint64(distributionId),
    commitment === undefined ? new Uint8Array(0) : encodeCommitment(commitment),
  )
  return concatBytes(body, mac(body).subarray(0, MAC_SIZE))
}

/** Reads a token; undefined when it was not made with this key. It may be expired. */
export function openToken(bytes: Uint8Array, mac: TokenMac): MiningJobToken | undefined {
  if (bytes.length <= MAC_SIZE) return undefined
  const body = bytes.subarray(0, bytes.length - MAC_SIZE)
  if (!equalInConstantTime(mac(body).subarray(0, MAC_SIZE), bytes.subarray(body.length))) return undefined
  try {
    return readBody(new ByteReader(body.slice()))
  } catch (error) {
    // made with this key by another version of this program
    if (error instanceof BitcoinError) return undefined
    throw error
  }
}

function readBody(reader: ByteReader): MiningJobToken | undefined {
  const [format, flags] = reader.take(2)
  if (format !== FORMAT || flags === undefined) return undefined
  const serial = reader.take(SERIAL_SIZE)
  const expires = reader.uint32()
  const account = reader.take(SHORT_HASH_SIZE)
  const outputs: Uint8Array[] = []
  const count = reader.take(1)[0]!
  for (let n = 0; n < count; n++) outputs.push(reader.take(reader.take(1)[0]!))
  const distributionId = (flags & 4) === 0 ? undefined : reader.uint64()
  const commitment = (flags & 2) === 0 ? undefined : readCommitment(reader)
  const usableAtOnce = (flags & 1) !== 0
  return { serial, expires, account, outputs, usableAtOnce, distributionId, commitment }
}

function encodeCommitment(commitment: JobCommitment): Uint8Array {
  return concatBytes(
    uint32(commitment.version),
    uint32(commitment.nbits),
    uint32(commitment.coinbaseVersion),
    uint32(commitment.sequence),
    uint32(commitment.locktime),
    Uint8Array.of(commitment.minExtranonceSize),
    commitment.prevHash,
    commitment.scriptPrefix,
    commitment.outputs,
    commitment.merklePath,
  )
}

function readCommitment(reader: ByteReader): JobCommitment {
  return {
    version: reader.uint32(),
    nbits: reader.uint32(),
    coinbaseVersion: reader.uint32(),
    sequence: reader.uint32(),
    locktime: reader.uint32(),
    minExtranonceSize: reader.take(1)[0]!,
    prevHash: reader.take(SHORT_HASH_SIZE),
    scriptPrefix: reader.take(SHORT_HASH_SIZE),
    outputs: reader.take(SHORT_HASH_SIZE),
    merklePath: reader.take(SHORT_HASH_SIZE),
  }
}

function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}

function uint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return bytes
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}
