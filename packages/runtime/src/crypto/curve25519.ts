import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign, verify } from 'node:crypto'

type Curve = 'X25519' | 'Ed25519'

/** X25519 and Ed25519 by OpenSSL. */
export const curve25519 = {
  x25519PublicKey: (secret: Uint8Array): Uint8Array => publicKeyOf('X25519', secret),
  x25519: (secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined => {
    const privateKey = privateKeyOf('X25519', secret)
    try {
      return diffieHellman({ privateKey, publicKey: importPublic('X25519', publicKey) })
    } catch {
      return undefined // OpenSSL refuses the all-zero result of a low-order key (RFC 7748 §6.1)
    }
  },
  ed25519PublicKey: (seed: Uint8Array): Uint8Array => publicKeyOf('Ed25519', seed),
  ed25519Sign: (message: Uint8Array, seed: Uint8Array): Uint8Array =>
    sign(null, message, privateKeyOf('Ed25519', seed)),
  ed25519Verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean => {
    try {
      return verify(null, message, importPublic('Ed25519', publicKey), signature)
    } catch {
      return false // 32 bytes that are no key, or not 32 bytes
    }
  },
}

/** Key objects live as long as the bytes they were made of; reading a secret costs as much as using it. */
const keyObjects = { X25519: new WeakMap<Uint8Array, Known>(), Ed25519: new WeakMap<Uint8Array, Known>() }

interface Known {
  /** What the bytes were, in case their array was written to since. */
  readonly text: string
  readonly key: KeyObject
}

function privateKeyOf(curve: Curve, secret: Uint8Array): KeyObject {
  const text = base64url(secret)
  const known = keyObjects[curve].get(secret)
  if (known?.text === text) return known.key
  // As JWK: reading PKCS #8 costs ten times as much. Node takes a private key from `d` alone; `x` has to be there.
  const key = createPrivateKey({ key: { kty: 'OKP', crv: curve, d: text, x: '' }, format: 'jwk' })
  keyObjects[curve].set(secret, { text, key })
  return key
}

function publicKeyOf(curve: Curve, secret: Uint8Array): Uint8Array {
  const { x } = privateKeyOf(curve, secret).export({ format: 'jwk' })
  return Uint8Array.from(Buffer.from(x!, 'base64url'))
}

function importPublic(curve: Curve, bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: curve, x: base64url(bytes) }, format: 'jwk' })
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}
