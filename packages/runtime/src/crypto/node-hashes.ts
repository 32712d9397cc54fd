import * as crypto from 'node:crypto'

/** Hashes by OpenSSL that are part of a crypto backend, each 32 bytes. */
export const nodeHashes = {
  sha256: (data: Uint8Array): Uint8Array => digest('sha256', data),
  blake2s: (data: Uint8Array): Uint8Array => digest('blake2s256', data),
  hmacSha256: (key: Uint8Array, data: Uint8Array): Uint8Array => hmac('sha256', key, data),
  // OpenSSL knows no keyed BLAKE2s behind HMAC, so this is the generic construction that Noise means.
  hmacBlake2s: (key: Uint8Array, data: Uint8Array): Uint8Array => hmac('blake2s256', key, data),
}

type OneShot = (algorithm: string, data: Uint8Array, output: 'buffer') => Uint8Array

/** `crypto.hash` came with Node 20.12 and 21.7; it saves two objects per hash. */
const oneShot = (crypto as { readonly hash?: OneShot }).hash

function digest(algorithm: string, data: Uint8Array): Uint8Array {
  if (oneShot !== undefined) return oneShot(algorithm, data, 'buffer')
  return crypto.createHash(algorithm).update(data).digest()
}

function hmac(algorithm: string, key: Uint8Array, data: Uint8Array): Uint8Array {
  return crypto.createHmac(algorithm, key).update(data).digest()
}
