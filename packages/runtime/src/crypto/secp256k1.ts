import { randomBytes } from 'node:crypto'
import { nobleBackend } from '@sv2/noise'
import { isPrivate, pointMultiply, signSchnorr, verifySchnorr, xOnlyPointFromScalar } from 'tiny-secp256k1'
import { invert, toBigint, toBytes } from './big-numbers.ts'

/** n of secp256k1 (SEC 2 §2.4.1): its number of points. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
/** Bytes of the short factor. */
const BLINDING_BYTES = 8

/** What libsecp256k1 takes as a message, bytes. BIP 340 itself takes any length. */
const MESSAGE_BYTES = 32

/** secp256k1 by libsecp256k1 in WebAssembly, for everything that has an x-coordinate. */
export const secp256k1 = {
  secp256k1XOnlyPublicKey: (secret: Uint8Array): Uint8Array => {
    checkSecret(secret)
    return xOnlyPointFromScalar(secret)
  },
  secp256k1XOnlyEcdh: (secret: Uint8Array, x32: Uint8Array): Uint8Array | undefined => {
    checkSecret(secret)
    // lift_x takes the even y; the other one gives the same x-coordinate.
    const point = new Uint8Array(33)
    point[0] = 2
    point.set(x32, 1)
    try {
      return multiplied(point, secret)?.subarray(1)
    } catch {
      return undefined // the secret is checked, so it is the point that is on no curve
    }
  },
  schnorrSign: (message: Uint8Array, secret: Uint8Array, auxiliary: Uint8Array): Uint8Array => {
    if (message.length !== MESSAGE_BYTES) return nobleBackend.schnorrSign(message, secret, auxiliary)
    checkSecret(secret)
    return signSchnorr(message, secret, auxiliary)
  },
  schnorrVerify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean => {
    if (message.length !== MESSAGE_BYTES) return nobleBackend.schnorrVerify(signature, message, publicKey)
    try {
      return verifySchnorr(message, publicKey, signature)
    } catch {
      return false // a malformed key or signature
    }
  },
}

/** Secrets that were multiplied with before: a key of one handshake shows its time once, and is gone. */
const usedBefore = new WeakSet<Uint8Array>()

function multiplied(point: Uint8Array, secret: Uint8Array): Uint8Array | null {
  if (!usedBefore.has(secret)) {
    usedBefore.add(secret)
    return pointMultiply(point, secret)
  }
  const { first, second } = blindedFactors(secret)
  return pointMultiply(pointMultiply(point, first)!, second)
}

/**
 * Two factors whose product is a secret, other ones each time. The multiplication of a point takes a time that depends on
 * its factor (53 to 238 µs): an observer of many handshakes would learn about the secret itself. The first factor is
 * short, and costs less than half of the second.
 */
export function blindedFactors(secret: Uint8Array): {
  readonly first: Uint8Array
  readonly second: Uint8Array
} {
  const first = new Uint8Array(32)
  first.set(randomBytes(BLINDING_BYTES), 32 - BLINDING_BYTES)
  // never zero
  first[31]! |= 1
  const second = (toBigint(secret) * invert(toBigint(first), N)) % N
  return { first, second: toBytes(second) }
}

function checkSecret(secret: Uint8Array): void {
  // The value is a secret: the message must not show it.
  if (!isPrivate(secret)) throw new RangeError('a secp256k1 secret is 32 bytes from 1 to n − 1')
}
