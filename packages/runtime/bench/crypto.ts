/**
 * Measures the runtime's crypto against noble, in the same run and taking turns, and prints times and ratios.
 * Run: node --conditions=@sv2/source --import tsx packages/runtime/bench/crypto.ts
 */
import { createHash, randomBytes } from 'node:crypto'
import { loadavg } from 'node:os'
import { sha256d } from '@sv2/bitcoin'
import {
  type CryptoBackend,
  certificatesOf,
  createInitiator,
  createResponder,
  fixedIdentity,
  makeAuthorityKeyPair,
  makeKeyPair,
  nobleBackend,
  signCertificate,
  suiteOf,
} from '@sv2/noise'
import { NodeAead } from '../src/crypto/node-aead.ts'
import { fastestBackend, fastSha256d } from '../src/index.ts'

const ROUNDS = 7
let consumed = 0

/** Median µs per call of each, the contenders taking turns. */
function compare(title: string, calls: number, contenders: Readonly<Record<string, () => unknown>>): void {
  const times = Object.entries(contenders).map(([name, call]) => ({ name, call, all: [] as number[] }))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { call, all } of times) {
      const start = performance.now()
      for (let i = 0; i < calls; i++) consumed += call() === undefined ? 0 : 1
      // The first round warms up.
      if (round > 0) all.push(((performance.now() - start) * 1000) / calls)
    }
  }
  const medians = times.map(({ name, all }) => ({ name, us: all.sort((a, b) => a - b)[ROUNDS >> 1]! }))
  const base = medians[0]!.us
  const parts = medians.map(({ name, us }) => `${name} ${us.toFixed(2)} µs (×${(base / us).toFixed(1)})`)
  console.log(`${title.padEnd(26)}${parts.join('   ')}`)
}

function aeads(size: number): void {
  const key = randomBytes(32)
  const nonce = new Uint8Array(12)
  const nothing = new Uint8Array(0)
  const text = new Uint8Array(size)
  const sealed = new Uint8Array(size + 16)
  const keys = {
    noble: nobleBackend.chacha20Poly1305(key),
    fastest: fastestBackend.chacha20Poly1305(key),
    'node:crypto': new NodeAead('chacha20-poly1305', key),
  }
  const calls = size > 4096 ? 500 : 5000
  const each = (run: (of: keyof typeof keys) => unknown): Record<string, () => unknown> =>
    Object.fromEntries(Object.keys(keys).map((name) => [name, () => run(name as keyof typeof keys)]))
  compare(
    `seal ${size} B`,
    calls,
    each((of) => keys[of].seal(nonce, nothing, text, sealed)),
  )
  compare(
    `open ${size} B`,
    calls,
    each((of) => keys[of].open(nonce, nothing, sealed, text)),
  )
}

function hashes(size: number): void {
  const data = randomBytes(size)
  const once = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
  compare(`sha256d ${size} B`, 10_000, {
    noble: () => sha256d(data),
    fastest: () => fastSha256d(data),
    'crypto.hash ×2': () => fastestBackend.sha256(fastestBackend.sha256(data)),
    'createHash ×2': () => once(once(data)),
  })
}

function handshakes(edition: 'current' | 'draft'): void {
  const sides = (backend: CryptoBackend): (() => unknown) => {
    const deps = { backend, randomBytes }
    const scheme = certificatesOf(edition, backend)
    const authority = makeAuthorityKeyPair(scheme, randomBytes)
    const staticPair = makeKeyPair(suiteOf(edition, backend), randomBytes)
    const certificate = signCertificate(
      { version: 0, validFrom: 0, notValidAfter: 0xffff_ffff },
      { scheme, authoritySecret: authority.secret, serverKey: staticPair.key, form: 'text' },
      randomBytes,
    )
    const identity = fixedIdentity(staticPair, certificate)
    return () => {
      const initiator = createInitiator(
        { edition, authorityKey: authority.publicKey, clockToleranceSeconds: 0 },
        deps,
      )
      const responder = createResponder({ edition, identity }, deps)
      const answer = responder.receive(initiator.start(), 1000)
      return initiator.receive(answer.reply!, 1000).done
    }
  }
  compare(`handshake, both, ${edition}`, 10, { noble: sides(nobleBackend), fastest: sides(fastestBackend) })
}

function publicKeys(): void {
  const pairs = { noble: nobleBackend, fastest: fastestBackend }
  const secret = randomBytes(32)
  const x = nobleBackend.secp256k1XOnlyPublicKey(randomBytes(32))
  const message = randomBytes(32)
  const publicKey = nobleBackend.secp256k1XOnlyPublicKey(secret)
  const signature = nobleBackend.schnorrSign(message, secret, message)
  const encoding = nobleBackend.ellswiftEncode(x, randomBytes)
  const u = nobleBackend.x25519PublicKey(secret)
  const operations: Record<string, (backend: CryptoBackend) => unknown> = {
    'secp256k1 public key': (backend) => backend.secp256k1XOnlyPublicKey(secret),
    'secp256k1 ECDH': (backend) => backend.secp256k1XOnlyEcdh(secret, x),
    'schnorr sign': (backend) => backend.schnorrSign(message, secret, message),
    'schnorr verify': (backend) => backend.schnorrVerify(signature, message, publicKey),
    'ellswift encode': (backend) => backend.ellswiftEncode(x, randomBytes),
    'ellswift decode': (backend) => backend.ellswiftDecode(encoding),
    'x25519 new pair': (backend) => backend.x25519PublicKey(Uint8Array.from(secret)),
    'x25519 ECDH': (backend) => backend.x25519(secret, u),
  }
  for (const [name, run] of Object.entries(operations)) {
    compare(name, 50, { noble: () => run(pairs.noble), fastest: () => run(pairs.fastest) })
  }
}

console.log(`Node ${process.version}, load ${loadavg().map((load) => load.toFixed(2))}`)
for (const size of [6, 24, 48, 256, 512, 768, 1024, 16_384]) aeads(size)
for (const size of [64, 80, 200, 500, 2000]) hashes(size)
publicKeys()
handshakes('current')
handshakes('draft')
console.log(`${consumed} results, load ${loadavg().map((load) => load.toFixed(2))}`)
