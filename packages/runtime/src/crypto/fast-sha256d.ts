import { type CoinbaseWork, coinbaseRoots, type Sha256d } from '@sv2/bitcoin'
import { nodeHashes } from './node-hashes.ts'
import { Sha256Wasm } from './sha256-wasm.ts'

/** Up to here the hash in WebAssembly is faster than two calls into OpenSSL, bytes; measured in bench/crypto.ts. */
const SMALL_BYTES = 576
/** The same for a coinbase below a path: a call into OpenSSL more costs what is left of the advantage, bytes. */
const SMALL_COINBASE = 1_152
/** Coinbases that WebAssembly hashes at one time. */
const AT_ONCE = 4

/** Made with the first hash: it takes some 50 ms, and many a process hashes nothing. */
let wasm: Sha256Wasm | undefined
const small = (): Sha256Wasm => {
  wasm ??= new Sha256Wasm()
  return wasm
}

const sha256d = (data: Uint8Array): Uint8Array =>
  data.length <= SMALL_BYTES ? small().sha256d(data) : plain(nodeHashes.sha256(nodeHashes.sha256(data)))
const merkleRoot = (leaf: Uint8Array, path: readonly Uint8Array[]): Uint8Array =>
  small().merkleRoot(leaf, path)

/** Double SHA-256 as fast as this process can: the hash of every share, and of every merkle node. 32 bytes. */
export const fastSha256d: Sha256d = Object.assign(sha256d.bind(undefined), {
  merkleRoot,
  coinbaseRoots(work: CoinbaseWork, extranonces: readonly Uint8Array[]): Uint8Array[] {
    const { coinbaseTxPrefix, coinbaseTxSuffix } = work
    const size = coinbaseTxPrefix.length + (extranonces[0]?.length ?? 0) + coinbaseTxSuffix.length
    if (size > SMALL_COINBASE) return coinbaseRoots(work, extranonces, largeSha256d)
    if (extranonces.length <= AT_ONCE) return small().coinbaseRoots(work, extranonces)
    const roots: Uint8Array[] = []
    for (let at = 0; at < extranonces.length; at += AT_ONCE)
      roots.push(...small().coinbaseRoots(work, extranonces.slice(at, at + AT_ONCE)))
    return roots
  },
})

const largeSha256d: Sha256d = Object.assign(sha256d.bind(undefined), { merkleRoot })

/** SHA-256 once, by OpenSSL. 32 bytes. */
export const fastSha256 = (data: Uint8Array): Uint8Array => plain(nodeHashes.sha256(data))

/**
 * The same bytes in an array of their own: those of OpenSSL lie outside of the heap, each behind an object that the collector
 * has to look after, and many hashes are kept.
 */
function plain(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(32)
  digest.set(bytes)
  return digest
}
