import { secp256k1 } from '@noble/curves/secp256k1.js'
import { elligatorSwift } from '@scure/btc-signer/p2p.js'
import type { RandomBytes } from './crypto-backend.ts'

const { Fp } = secp256k1.Point

/**
 * A random ElligatorSwift encoding, 64 bytes, of a curve point's x-coordinate (32 bytes, big-endian).
 *
 * The same search as in BIP 324 (`XElligatorSwift`): draw u and one of eight cases until an inverse exists,
 * four draws on average. Not `elligatorSwift.encode`, because that one brings its own randomness.
 *
 * @throws {RangeError} when `x32` is not an x-coordinate of secp256k1
 */
export function encodeEllswift(x32: Uint8Array, randomBytes: RandomBytes): Uint8Array {
  const x = Fp.fromBytes(x32)
  if (!isOnCurve(x)) throw new RangeError('no point of secp256k1 has this x-coordinate')
  for (;;) {
    const draw = randomBytes(33)
    // Reducing 256 bits mod p, as BIP 324 does for the field: p is 2^32 short of 2^256, the bias is 2^-224.
    const u = Fp.create(Fp.fromBytes(draw.subarray(0, 32), true))
    // u = 0 is remapped by the decoder and would not come back.
    if (Fp.is0(u)) continue
    const t = elligatorSwift._inv(x, u, draw[32]! & 7)
    if (!t) continue
    const encoding = new Uint8Array(64)
    encoding.set(Fp.toBytes(u), 0)
    encoding.set(Fp.toBytes(t), 32)
    return encoding
  }
}

/**
 * The x-coordinate (32 bytes, big-endian) that 64 arbitrary bytes encode. Total: every input has one (BIP
 * 324).
 */
export function decodeEllswift(encoding: Uint8Array): Uint8Array {
  return elligatorSwift.decode(encoding)
}

function isOnCurve(x: bigint): boolean {
  const rightSide = Fp.add(Fp.mul(Fp.sqr(x), x), 7n)
  return Fp.eql(Fp.pow(rightSide, (Fp.ORDER - 1n) / 2n), Fp.ONE)
}
