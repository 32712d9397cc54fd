import { nbitsToTarget } from '@sv2/bitcoin'
import type { NodeTemplate } from '@sv2/roles/ground'
import { Provider, type ProviderEffect, type ProviderEvent } from '@sv2/roles/provider'
import { Engine, fastSha256d, listen, systemClock, systemNoise } from '@sv2/runtime'

/** A template provider whose tips come when the benchmark says so, with a node's worth of transactions. */
export interface TemplateSource {
  readonly address: { readonly host: string; readonly port: number }
  /** A new block was found; answers when its template was handed to the pool, ms. */
  newTip(): number
}

/** Transactions of a full block. */
const TRANSACTIONS = 4_000

/** Opens it, in plaintext: the link to the pool is not what is measured. */
export async function startTemplateSource(): Promise<TemplateSource> {
  const provider = new Provider(
    {
      feeThreshold: 1_000n,
      minIntervalMs: 60_000,
      firstTemplateId: 1n,
      keptBytes: 2 ** 28,
      workMaxAgeMs: 60_000,
    },
    { sha256d: fastSha256d },
  )
  const engine = new Engine<ProviderEvent, ProviderEffect>(provider, {
    clock: systemClock,
    observer: { onEffect: () => undefined },
  })
  const transactions = Array.from({ length: TRANSACTIONS }, (_, place) => {
    const txid = new Uint8Array(32)
    new DataView(txid.buffer).setUint32(0, place + 1)
    return { data: new Uint8Array(300), txid, wtxid: txid, fee: 1_000n, weight: 800, sigops: 4, depends: [] }
  })
  let height = 800_000
  const template = (): NodeTemplate => ({
    prevHash: new Uint8Array(32).fill(height & 0xff),
    height,
    version: 0x20000000,
    nbits: 0x1d00ffff,
    target: nbitsToTarget(0x1d00ffff),
    curtime: Math.floor(Date.now() / 1000) - 60,
    mintime: Math.floor(Date.now() / 1000) - 3_600,
    coinbaseValue: 312_500_000n,
    transactions,
    weightLimit: 4_000_000,
    sigopLimit: 80_000,
    segwit: true,
  })
  engine.tell({ kind: 'nodeTemplate', template: template() })
  const door = await listen(
    {
      host: '127.0.0.1',
      port: 0,
      edition: 'current',
      noise: false,
      draftCertificate: 'auto',
      maxConnections: 10,
      maxConnectionsPerIp: 10,
      connectionsPerMinutePerIp: 10,
      allowList: ['127.0.0.1'],
      handshakeTimeoutMs: 5_000,
      maxHandshakes: 10,
      maxPayloadBytes: 0xff_ffff,
      maxQueuedBytes: 64 * 1024 * 1024,
    },
    engine,
    { port: { kind: 'clients' }, noise: systemNoise, clock: systemClock, identities: {} },
  )
  return {
    address: { host: '127.0.0.1', port: door.port },
    newTip() {
      height++
      const next = template()
      const at = performance.timeOrigin + performance.now()
      engine.tell({ kind: 'nodeTemplate', template: next })
      return at
    },
  }
}

/** Configuration of the measured pool: real limits, targets that every share meets. */
export function poolConfig(source: TemplateSource, edition: 'current' | 'draft', dataDir: string): unknown {
  return {
    network: 'mainnet',
    data_dir: dataDir,
    payout: { address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4' },
    difficulty: { vardiff: false, min_difficulty: 1e-12, start_difficulty: 1e-11 },
    jobs: { job_refresh_sec: 3_600, open_channel_within_sec: 3_600 },
    template_provider: { ...source.address, noise: false },
    listen: [{ host: '127.0.0.1', port: 0, edition }],
    monitoring: { port: 0 },
  }
}
