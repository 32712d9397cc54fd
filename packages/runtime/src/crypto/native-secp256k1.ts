import { createRequire } from 'node:module'
import { isXOnlyPoint as isXOnlyPointInWasm } from 'tiny-secp256k1'

/** What handshakes need of libsecp256k1; points are 33 bytes, compressed. */
export interface NativeSecp256k1 {
  publicKeyCreate(secret: Uint8Array): Uint8Array
  publicKeyVerify(point: Uint8Array): boolean
  /**
   * Multiplies a point in constant time; `hashfn` makes `output` of the coordinates.
   * @throws {Error} for what is not a point on the curve
   */
  ecdh(
    point: Uint8Array,
    secret: Uint8Array,
    options: { readonly hashfn: (x: Uint8Array, y: Uint8Array) => Uint8Array },
    output: Uint8Array,
  ): Uint8Array
}

/** libsecp256k1 as machine code; undefined where the package has none for this machine, or was not installed. */
export const nativeSecp256k1: NativeSecp256k1 | undefined = load()

/** Whether 32 bytes, big-endian, are the x-coordinate of a point. */
export const isXOnlyPoint: (x32: Uint8Array) => boolean =
  nativeSecp256k1 === undefined
    ? isXOnlyPointInWasm
    : (x32) => nativeSecp256k1.publicKeyVerify(evenPoint(x32))

/** The point with an x-coordinate whose y is even. */
export function evenPoint(x32: Uint8Array): Uint8Array {
  const point = new Uint8Array(33)
  point[0] = 2
  point.set(x32, 1)
  return point
}

function load(): NativeSecp256k1 | undefined {
  try {
    // not its main module, which falls back to another implementation
    return createRequire(import.meta.url)('secp256k1/bindings.js') as NativeSecp256k1
  } catch {
    return undefined // an optional package: WebAssembly does the same
  }
}
