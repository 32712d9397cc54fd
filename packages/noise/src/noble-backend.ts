import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { blake2s } from '@noble/hashes/blake2.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { AeadKey, CryptoBackend } from './crypto-backend.ts'
import { decodeEllswift, encodeEllswift } from './ellswift.ts'

const { Fp, Fn } = secp256k1.Point

/**
 * The reference backend: all primitives in audited TypeScript, no native code, runs everywhere.
 * Every other backend is tested against this one; the runtime injects faster pieces.
 */
export const nobleBackend: CryptoBackend = {
  chacha20Poly1305: chachaKey,
  aes256Gcm: gcmKey,
  sha256: (data) => sha256(data),
  blake2s: (data) => blake2s(data),
  hmacSha256: (key, data) => hmac(sha256, key, data),
  hmacBlake2s: (key, data) => hmac(blake2s, key, data),
  x25519PublicKey: (secret) => x25519.getPublicKey(secret),
  x25519: (secret, publicKey) => undefinedIfThrown(() => x25519.getSharedSecret(secret, publicKey)),
  ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),
  ed25519Sign: (message, seed) => ed25519.sign(message, seed),
  // RFC 8032 without the laxer ZIP 215 rules, which is also what OpenSSL answers.
  ed25519Verify: (signature, message, publicKey) =>
    undefinedIfThrown(() => ed25519.verify(signature, message, publicKey, { zip215: false })) ?? false,
  secp256k1XOnlyPublicKey: (secret) => schnorr.getPublicKey(secret),
  secp256k1XOnlyEcdh: xOnlyEcdh,
  schnorrSign: (message, secret, auxiliary) => schnorr.sign(message, secret, auxiliary),
  schnorrVerify: (signature, message, publicKey) =>
    undefinedIfThrown(() => schnorr.verify(signature, message, publicKey)) ?? false,
  ellswiftEncode: encodeEllswift,
  ellswiftDecode: decodeEllswift,
}

function chachaKey(key: Uint8Array): AeadKey {
  checkKey(key)
  return {
    seal: (nonce, associatedData, plaintext, out) => {
      chacha20poly1305(key, nonce, associatedData).encrypt(plaintext, out)
    },
    open: (nonce, associatedData, ciphertext, out) => {
      checkOpenSizes(nonce, ciphertext, out)
      const cipher = chacha20poly1305(key, nonce, associatedData)
      // Sizes are right, so the only thing left that noble can refuse is the tag.
      return undefinedIfThrown(() => cipher.decrypt(ciphertext, out)) !== undefined
    },
  }
}

// noble's GCM cannot write into a given buffer; it serves the prelude of 2022 only, so a copy does not
// matter.
function gcmKey(key: Uint8Array): AeadKey {
  checkKey(key)
  return {
    seal: (nonce, associatedData, plaintext, out) => {
      out.set(gcm(key, nonce, associatedData).encrypt(plaintext))
    },
    open: (nonce, associatedData, ciphertext, out) => {
      checkOpenSizes(nonce, ciphertext, out)
      const keyed = gcm(key, nonce, associatedData)
      const plaintext = undefinedIfThrown(() => keyed.decrypt(ciphertext))
      if (plaintext !== undefined) out.set(plaintext)
      return plaintext !== undefined
    },
  }
}

function checkKey(key: Uint8Array): void {
  if (key.length !== 32) throw new RangeError(`an AEAD key has 32 bytes, not ${key.length}`)
}

function checkOpenSizes(nonce: Uint8Array, ciphertext: Uint8Array, out: Uint8Array): void {
  if (nonce.length !== 12) throw new RangeError(`an AEAD nonce has 12 bytes, not ${nonce.length}`)
  if (ciphertext.length !== out.length + 16) {
    throw new RangeError(`${ciphertext.length} bytes of ciphertext do not open into ${out.length}`)
  }
}

function xOnlyEcdh(secret: Uint8Array, x32: Uint8Array): Uint8Array | undefined {
  const scalar = Fn.fromBytes(secret)
  const point = undefinedIfThrown(() => schnorr.utils.lift_x(Fp.fromBytes(x32)))
  return point === undefined ? undefined : Fp.toBytes(point.multiply(scalar).x)
}

// noble reports a peer's bad key or tag by throwing a plain Error; here that is an ordinary answer.
function undefinedIfThrown<T>(compute: () => T): T | undefined {
  try {
    return compute()
  } catch {
    return undefined
  }
}
