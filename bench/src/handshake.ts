import { fastestBackend } from '@sv2/runtime'
import { Child } from './child.ts'
import { Miner } from './miner.ts'
import type { Measurement } from './report.ts'
import { poolConfig, startTemplateSource } from './templates.ts'

const HANDSHAKES = 1_500
const AT_ONCE = 32
/** Clients of a storm, and how many of them connect at one time. */
const STORM = 3_000
const STORM_AT_ONCE = 300

/** (c) Handshakes of a pool process, against the bare cost of the curve operations in them. */
export async function measureHandshakes(dataDir: string): Promise<Measurement[]> {
  const rows: Measurement[] = []
  for (const edition of ['current', 'draft'] as const) {
    const primitive = primitiveMicros(edition)
    const source = await startTemplateSource()
    const child = Child.start('app-process.ts', {
      app: 'pool',
      config: poolConfig(source, edition, `${dataDir}/${edition}`),
    })
    const { urls } = await child.next<{ urls: string[] }>('urls')
    await connectAndLeave(urls[0]!, 200)
    const before = await child.usage()
    const started = performance.now()
    await connectAndLeave(urls[0]!, HANDSHAKES)
    const seconds = (performance.now() - started) / 1000
    const micros = ((await child.usage()).cpuMicros - before.cpuMicros) / HANDSHAKES
    const busyMs = await longestTurn(child, () => connectAndLeave(urls[0]!, STORM, STORM_AT_ONCE))
    child.stop()
    rows.push({
      part: 'handshake',
      name: edition,
      values: {
        'handshakes/s (both ends on this machine)': Math.round(HANDSHAKES / seconds),
        'per core of the pool': Math.round(1e6 / micros),
        'CPU µs, TCP and session included': Math.round(micros),
        'curve operations alone, µs (baseline)': Math.round(primitive),
        ratio: Number((micros / primitive).toPrecision(3)),
        'longest turn in a storm, ms of processor time': Number(busyMs.toPrecision(2)),
      },
    })
  }
  return rows
}

/** The longest that the loop of a pool works without a pause while something goes on, ms of processor time. */
async function longestTurn(child: Child, during: () => Promise<void>): Promise<number> {
  child.ask('watch')
  await child.next<{ watching: boolean }>('watching')
  await during()
  child.ask('stalled')
  return (await child.next<{ busyMs: number }>('busyMs')).busyMs
}

async function connectAndLeave(url: string, count: number, atOnce = AT_ONCE): Promise<void> {
  let left = count
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left > 0) {
        left--
        const miner = await Miner.connect(url)
        miner.end()
      }
    }),
  )
}

/** A responder makes one key pair and two ECDH (and in the current edition one encoding and one decoding). */
function primitiveMicros(edition: 'current' | 'draft'): number {
  const secret = new Uint8Array(32).fill(7)
  const backend = fastestBackend
  const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))
  const rounds = 300
  const started = performance.now()
  for (let n = 0; n < rounds; n++) {
    secret[0] = n & 0xff
    if (edition === 'current') {
      const x = backend.secp256k1XOnlyPublicKey(secret)
      backend.ellswiftDecode(backend.ellswiftEncode(x, random))
      backend.secp256k1XOnlyEcdh(secret, x)
      backend.secp256k1XOnlyEcdh(secret, x)
    } else {
      const key = backend.x25519PublicKey(secret)
      backend.x25519(secret, key)
      backend.x25519(secret, key)
    }
  }
  return ((performance.now() - started) * 1000) / rounds
}
