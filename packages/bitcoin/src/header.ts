import { BitcoinError } from './bitcoin-error.ts'
import { type Sha256d, sha256d } from './sha256d.ts'

/** Bytes of a block header. */
export const HEADER_SIZE = 80

/** A block header. Hashes are 32 bytes in wire order, the numbers are 32-bit unsigned, `ntime` in Unix seconds. */
export type BlockHeader = {
  readonly version: number
  readonly prevHash: Uint8Array
  readonly merkleRoot: Uint8Array
  readonly ntime: number
  readonly nbits: number
  readonly nonce: number
}

/** The 80 bytes that are hashed. @throws {RangeError} as writeHeader. */
export function encodeHeader(header: BlockHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE)
  writeHeader(bytes, header)
  return bytes
}

/**
 * Writes a header over the first 80 bytes of `into`, so that a share check needs no new buffer.
 *
 * @throws {RangeError} when `into` is shorter, a hash is not 32 bytes, or a number does not fit 32 bits.
 */
export function writeHeader(into: Uint8Array, header: BlockHeader): void {
  if (into.length < HEADER_SIZE) throw new RangeError(`header buffer of ${into.length} bytes`)
  writeUint32(into, 0, header.version, 'version')
  writeHash(into, 4, header.prevHash, 'prevHash')
  writeHash(into, 36, header.merkleRoot, 'merkleRoot')
  writeUint32(into, 68, header.ntime, 'ntime')
  writeUint32(into, 72, header.nbits, 'nbits')
  writeUint32(into, 76, header.nonce, 'nonce')
}

/** Reads 80 bytes; the hashes are copies. @throws {BitcoinError} truncated or trailing-bytes when it is not 80 bytes. */
export function decodeHeader(bytes: Uint8Array): BlockHeader {
  if (bytes.length < HEADER_SIZE) throw new BitcoinError('truncated', `header of ${bytes.length} bytes`)
  if (bytes.length > HEADER_SIZE) throw new BitcoinError('trailing-bytes', `header of ${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE)
  return {
    version: view.getUint32(0, true),
    prevHash: new Uint8Array(bytes.subarray(4, 36)),
    merkleRoot: new Uint8Array(bytes.subarray(36, 68)),
    ntime: view.getUint32(68, true),
    nbits: view.getUint32(72, true),
    nonce: view.getUint32(76, true),
  }
}

/** The block hash of an encoded header: 32 bytes in wire order, to be read as a little-endian integer. */
export function headerHash(bytes: Uint8Array, hash: Sha256d = sha256d): Uint8Array {
  if (bytes.length !== HEADER_SIZE) throw new RangeError(`header of ${bytes.length} bytes`)
  return hash(bytes)
}

function writeUint32(into: Uint8Array, offset: number, value: number, name: string): void {
  if (value >>> 0 !== value) throw new RangeError(`header ${name} ${value} is no 32-bit number`)
  into[offset] = value
  into[offset + 1] = value >>> 8
  into[offset + 2] = value >>> 16
  into[offset + 3] = value >>> 24
}

function writeHash(into: Uint8Array, offset: number, value: Uint8Array, name: string): void {
  if (value.length !== 32) throw new RangeError(`header ${name} of ${value.length} bytes`)
  into.set(value, offset)
}
