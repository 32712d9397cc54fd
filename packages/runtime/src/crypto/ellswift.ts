import type { RandomBytes } from '@sv2/noise'
import { invert, toBigint, toBytes } from './big-numbers.ts'
import { powerForRoots } from './field-code.ts'
import { isXOnlyPoint } from './native-secp256k1.ts'

// ElligatorSwift (BIP 324) as in noble, with fewer and cheaper steps: libsecp256k1 tells what is on the curve, and
// roots of fractions are drawn without division. All of it works on what a handshake shows openly, so that the time it
// takes tells nothing.

/** p of secp256k1 (SEC 2 §2.4.1). */
const P = 2n ** 256n - 2n ** 32n - 977n
/** The square root of −3 modulo p that is a square itself (BIP 324). */
const ROOT_OF_MINUS_3 = 0x0a2d2ba93507f1df233770c2a797962cc61f6d15da14ecd47d8d27ae1cd5f852n
const HALF = (P + 1n) / 2n

/**
 * A random ElligatorSwift encoding, 64 bytes, of a curve point's x-coordinate (32 bytes, big-endian): the same one as
 * noble's for the same randomness.
 * @throws {RangeError} when `x32` is not an x-coordinate of secp256k1
 */
export function encodeEllswift(x32: Uint8Array, randomBytes: RandomBytes): Uint8Array {
  if (!isXOnlyPoint(x32)) throw new RangeError('no point of secp256k1 has this x-coordinate')
  const x = toBigint(x32)
  for (;;) {
    const draw = randomBytes(33)
    const u = toBigint(draw.subarray(0, 32)) % P
    // u = 0 is remapped by the decoder and would not come back.
    if (u === 0n) continue
    const t = encodeWith(x, u, draw[32]! & 7)
    if (t === undefined || t === 0n) continue
    const encoding = new Uint8Array(64)
    encoding.set(toBytes(u), 0)
    encoding.set(toBytes(t), 32)
    return encoding
  }
}

/** The x-coordinate (32 bytes, big-endian) that 64 arbitrary bytes encode (BIP 324 XSwiftEC). */
export function decodeEllswift(encoding: Uint8Array): Uint8Array {
  if (encoding.length !== 64) throw new RangeError(`an ElligatorSwift encoding of ${encoding.length} bytes`)
  const u = toBigint(encoding.subarray(0, 32)) % P || 1n
  let t = toBigint(encoding.subarray(32)) % P || 1n
  const curve = mod(u * u * u + 7n)
  if (mod(curve + t * t) === 0n) t = mod(2n * t)
  // X = a / 2t and Y = (X + t) / cu, so that X/Y = acu / e with e = u³ + 7 + t²: one inversion serves both.
  const square = mod(t * t)
  const a = mod(curve - square)
  const e = mod(curve + square)
  const cu = mod(ROOT_OF_MINUS_3 * u)
  const denominator = mod(2n * t * cu)
  const inverse = invert(mod(denominator * e), P)
  const y = mod(mod(e * e) * inverse)
  const third = toBytes(mod(u + 4n * y * y))
  if (isXOnlyPoint(third)) return third
  const ratio = mod(mod(a * cu) * mod(denominator * inverse))
  const second = toBytes(mod(mod(-ratio - u) * HALF))
  if (isXOnlyPoint(second)) return second
  return toBytes(mod(mod(ratio - u) * HALF))
}

/** t of XSwiftECInv for one of eight cases (BIP 324); undefined where that case has none. */
function encodeWith(x: bigint, u: bigint, ellCase: number): bigint | undefined {
  const uu = mod(u * u)
  const curve = mod(uu * u + 7n)
  let v = x
  let w: bigint | undefined
  if ((ellCase & 2) === 0) {
    if (isXOnlyPoint(toBytes(mod(-x - u)))) return undefined
    w = sqrtOfRatio(mod(-curve), mod(uu + u * x + x * x))?.root
  } else {
    const s = mod(x - u)
    if (s === 0n) return undefined
    const r = sqrtOfRatio(mod(-s * mod(4n * curve + 3n * s * uu)), 1n)?.root
    if (r === undefined || ((ellCase & 1) === 1 && r === 0n)) return undefined
    const found = sqrtOfRatio(s, 1n)
    if (found === undefined) return undefined
    w = found.root
    v = mod(mod(r * found.inverse - u) * HALF)
  }
  if (w === undefined) return undefined
  const last = ellCase & 5
  const factor = (last & 1) === 1 ? 1n + ROOT_OF_MINUS_3 : 1n - ROOT_OF_MINUS_3
  const t = mod(w * mod(mod(u * factor) * HALF + v))
  return last === 0 || last === 5 ? mod(-t) : t
}

/**
 * √(n/d) by one power and no division: q = (nd³)^((p−3)/4) gives ndq, as p is 3 modulo 4. Undefined when there is no
 * root. For d = 1 also the inverse of n, which is q².
 */
function sqrtOfRatio(n: bigint, d: bigint): { readonly root: bigint; readonly inverse: bigint } | undefined {
  const nd = mod(n * d)
  const q = powerForRoots(mod(nd * mod(d * d)))
  const root = mod(nd * q)
  if (mod(mod(root * root) * d) !== n) return undefined
  return { root, inverse: mod(q * q) }
}

function mod(value: bigint): bigint {
  const rest = value % P
  return rest < 0n ? rest + P : rest
}
