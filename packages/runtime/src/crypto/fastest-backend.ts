import { getCiphers, getHashes } from 'node:crypto'
import { type AeadKey, type CryptoBackend, nobleBackend } from '@sv2/noise'
import { ChaCha20Poly1305 } from './chacha20-poly1305.ts'
import { curve25519 } from './curve25519.ts'
import { decodeEllswift, encodeEllswift } from './ellswift.ts'
import { NodeAead } from './node-aead.ts'
import { nodeHashes } from './node-hashes.ts'
import { secp256k1 } from './secp256k1.ts'

/**
 * The fastest of everything the runtime knows, measured in bench/crypto.ts: OpenSSL and two WebAssembly modules, noble
 * for the rest and where this Node lacks an algorithm.
 */
export const fastestBackend: CryptoBackend = {
  ...nobleBackend,
  ...secp256k1,
  ...curve25519,
  sha256: nodeHashes.sha256,
  hmacSha256: nodeHashes.hmacSha256,
  ellswiftEncode: encodeEllswift,
  ellswiftDecode: decodeEllswift,
  ...blake2sIfKnown(),
  ...aeadsIfKnown(),
}

/** Builds of OpenSSL for regulated places leave algorithms out. */
function blake2sIfKnown(): Partial<CryptoBackend> {
  if (!getHashes().includes('blake2s256')) return {}
  return { blake2s: nodeHashes.blake2s, hmacBlake2s: nodeHashes.hmacBlake2s }
}

function aeadsIfKnown(): Partial<CryptoBackend> {
  const ciphers = getCiphers()
  const chacha20Poly1305 = (key: Uint8Array): AeadKey => new ChaCha20Poly1305(key)
  const aes256Gcm = (key: Uint8Array): AeadKey => new NodeAead('aes-256-gcm', key)
  return {
    ...(ciphers.includes('chacha20-poly1305') ? { chacha20Poly1305 } : {}),
    ...(ciphers.includes('aes-256-gcm') ? { aes256Gcm } : {}),
  }
}
