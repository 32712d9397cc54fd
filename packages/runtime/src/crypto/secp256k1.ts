import { randomBytes } from 'node:crypto'
import { type CryptoBackend, nobleBackend } from '@sv2/noise'
import { isPrivate, pointMultiply, signSchnorr, verifySchnorr, xOnlyPointFromScalar } from 'tiny-secp256k1'
import { invert, toBigint, toBytes } from './big-numbers.ts'
import { evenPoint, type NativeSecp256k1, nativeSecp256k1 } from './native-secp256k1.ts'

/** n of secp256k1 (SEC 2 §2.4.1): its number of points. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
/** Bytes of the short factor. */
const BLINDING_BYTES = 8

/** What libsecp256k1 takes as a message, bytes. BIP 340 itself takes any length. */
const MESSAGE_BYTES = 32

/** Keys and shared secrets, by libsecp256k1 in one form or the other. */
type Multiplication = Pick<CryptoBackend, 'secp256k1XOnlyPublicKey' | 'secp256k1XOnlyEcdh'>

/** By machine code, in constant time: a key takes 27 µs and a shared secret 62 µs. */
export function nativeMultiplication(native: NativeSecp256k1): Multiplication {
  const onlyX = { hashfn: (x: Uint8Array): Uint8Array => x.slice() }
  return {
    secp256k1XOnlyPublicKey: (secret) => {
      checkSecret(secret)
      return native.publicKeyCreate(secret).slice(1)
    },
    secp256k1XOnlyEcdh: (secret, x32) => {
      checkSecret(secret)
      try {
        // lift_x takes the even y; the other one gives the same x-coordinate.
        return native.ecdh(evenPoint(x32), secret, onlyX, new Uint8Array(32))
      } catch {
        return undefined // the secret is checked, so it is the point that is on no curve
      }
    },
  }
}

/** By WebAssembly: a key takes 110 µs, a shared secret 210 µs, and 340 µs where its time must not tell the secret. */
export const wasmMultiplication: Multiplication = {
  secp256k1XOnlyPublicKey: (secret) => {
    checkSecret(secret)
    return xOnlyPointFromScalar(secret)
  },
  secp256k1XOnlyEcdh: (secret, x32) => {
    checkSecret(secret)
    try {
      return multiplied(evenPoint(x32), secret)?.subarray(1)
    } catch {
      return undefined // the secret is checked, so it is the point that is on no curve
    }
  },
}

/** secp256k1 by libsecp256k1, for everything that has an x-coordinate: machine code where there is some. */
export const secp256k1 = {
  ...(nativeSecp256k1 === undefined ? wasmMultiplication : nativeMultiplication(nativeSecp256k1)),
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
