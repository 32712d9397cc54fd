import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  certificatesOf,
  encodeAuthorityKey,
  encodeSecretKey,
  formatPoolUrl,
  makeAuthorityKeyPair,
  parsePoolUrl,
} from '@sv2/noise'
import { fastestBackend } from '@sv2/runtime'
import { Child } from './child.ts'
import { freePort } from './free-port.ts'
import { FullNode } from './full-mempool.ts'
import { type ChannelKind, Miner } from './miner.ts'
import { type Measurement, median } from './report.ts'
import { Load, sendAll } from './share.ts'

/** Runs of each, one of ours and one of theirs in turn. */
const RUNS = 3
const SHARES = 100_000
const WARM_UP = 20_000
const HANDSHAKES = 600
const IDLE = 1_000
const CHANNELS = 1_000
/** Ticks of the clock that Linux counts processor time in, a second. */
const TICKS = 100
const POOL_ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'

/** A pool under the same load as another one. */
interface Contestant {
  readonly url: string
  readonly pid: number
  stop(): void
}

/** What is compared, and in which unit; less is better. */
interface Discipline {
  readonly name: string
  readonly measure: (pool: Contestant) => Promise<number>
}

const DISCIPLINES: readonly Discipline[] = [
  { name: 'standard share, 1 connection × 1,000 channels, CPU µs', measure: shares(1, CHANNELS, 'standard') },
  { name: 'standard share, 1,000 × 1, CPU µs', measure: shares(CHANNELS, 1, 'standard') },
  { name: 'extended share, 1 × 1,000, CPU µs', measure: shares(1, CHANNELS, 'extended') },
  { name: 'extended share, 1,000 × 1, CPU µs', measure: shares(CHANNELS, 1, 'extended') },
  { name: 'handshake, CPU µs', measure: handshakes },
  { name: `memory of an idle connection with one channel (${IDLE}), kB`, measure: memory },
]

/**
 * Our pool beside that of the Rust reference implementation, on one template provider, under one load generator.
 * @param sri folder with its `pool_sv2`
 */
export async function measurePeers(dataDir: string, sri: string): Promise<Measurement[]> {
  const binary = join(sri, 'pool_sv2')
  if (!existsSync(binary)) throw new Error(`--sri ${sri}: there is no pool_sv2`)
  mkdirSync(dataDir, { recursive: true })
  const node = await FullNode.start({ transactions: 1_000, bits: '1b0404cb', answersAfterMs: 0 })
  const provider = Child.start('app-process.ts', {
    app: 'template-provider',
    config: {
      network: 'regtest',
      data_dir: join(dataDir, 'provider'),
      nodes: [{ url: node.url, user: 'bench', password: 'bench' }],
      listen: [{ host: '127.0.0.1', port: 0, edition: 'current' }],
      monitoring: { port: 0 },
    },
  })
  const { urls } = await provider.next<{ urls: string[] }>('urls')
  const rows: Measurement[] = []
  for (const [place, { name, measure }] of DISCIPLINES.entries()) {
    const ours: number[] = []
    const theirs: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const folder = join(dataDir, `${place}-${run}`)
      ours.push(await measured(await startOurs(urls[0]!, folder), measure))
      theirs.push(await measured(await startTheirs(binary, urls[0]!, folder), measure))
    }
    rows.push({
      part: 'peers',
      name,
      values: {
        ours: spread(ours),
        'SRI (baseline)': spread(theirs),
        'SRI ÷ ours': Number((median(theirs) / median(ours)).toPrecision(2)),
      },
    })
  }
  provider.stop()
  node.stop()
  return rows
}

async function measured(pool: Contestant, measure: Discipline['measure']): Promise<number> {
  try {
    return await measure(pool)
  } finally {
    pool.stop()
  }
}

async function startOurs(provider: string, folder: string): Promise<Contestant> {
  const child = Child.start('app-process.ts', {
    app: 'pool',
    config: {
      network: 'regtest',
      data_dir: join(folder, 'ours'),
      payout: { address: POOL_ADDRESS },
      difficulty: { vardiff: false, min_difficulty: 1e-12, start_difficulty: 1e-11 },
      jobs: { job_refresh_sec: 3_600 },
      template_provider: { url: provider },
      listen: [{ host: '127.0.0.1', port: 0, edition: 'current' }],
      monitoring: { port: 0 },
    },
  })
  const { urls } = await child.next<{ urls: string[] }>('urls')
  await ready(urls[0]!)
  return { url: urls[0]!, pid: child.pid, stop: () => child.stop() }
}

async function startTheirs(binary: string, providerUrl: string, folder: string): Promise<Contestant> {
  const provider = parsePoolUrl(providerUrl)
  const keys = makeAuthorityKeyPair(certificatesOf('current', fastestBackend), (size) => randomBytes(size))
  const port = await freePort()
  const key = (bytes: Uint8Array) => encodeAuthorityKey({ edition: 'current', key: bytes })
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'pool.toml')
  writeFileSync(
    file,
    `authority_public_key = "${key(keys.publicKey)}"
authority_secret_key = "${encodeSecretKey(keys.secret)}"
cert_validity_sec = 3600
listen_address = "127.0.0.1:${port}"
coinbase_reward_script = "addr(${POOL_ADDRESS})"
server_id = 1
pool_signature = "bench"
shares_per_minute = 60.0
share_batch_size = 10
supported_extensions = []
required_extensions = []
[template_provider_type.Sv2Tp]
address = "127.0.0.1:${provider.port}"
public_key = "${key(provider.authorityKey!)}"
`,
  )
  const child: ChildProcess = spawn(binary, ['-c', file], {
    stdio: 'ignore',
    env: { ...process.env, RUST_LOG: 'error' },
  })
  await once(child, 'spawn')
  const url = formatPoolUrl({ host: '127.0.0.1', port, authorityKey: keys.publicKey, edition: 'current' })
  await ready(url)
  return { url, pid: child.pid!, stop: () => void child.kill('SIGKILL') }
}

/** Waits until a pool listens, and has had time for its first template. */
async function ready(url: string): Promise<void> {
  const { port } = parsePoolUrl(url)
  for (let attempt = 0; attempt < 100; attempt++) {
    await pause(100)
    const socket = connect({ host: '127.0.0.1', port: port ?? 0 })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return pause(2_000)
  }
  throw new Error(`nobody listens at ${url}`)
}

function shares(connections: number, channels: number, kind: ChannelKind): Discipline['measure'] {
  return async ({ url, pid }) => {
    const loads: Load[] = []
    for (let n = 0; n < connections; n++) {
      const miner = await Miner.connect(url)
      loads.push(new Load(miner, await miner.open(channels, { kind })))
    }
    await sendAll(loads, WARM_UP)
    const accepted = () => loads.reduce((sum, load) => sum + load.accepted, 0)
    const [before, cpu] = [accepted(), cpuMicros(pid)]
    await sendAll(loads, SHARES)
    const micros = (cpuMicros(pid) - cpu) / SHARES
    const judged = accepted() - before
    for (const { miner } of loads) miner.end()
    if (judged < SHARES * 0.999) throw new Error(`only ${judged} of ${SHARES} shares were accepted`)
    return micros
  }
}

async function handshakes({ url, pid }: Contestant): Promise<number> {
  const connectAndLeave = async (count: number) => {
    for (let n = 0; n < count; n++) (await Miner.connect(url)).end()
  }
  await connectAndLeave(100)
  const before = cpuMicros(pid)
  await connectAndLeave(HANDSHAKES)
  return (cpuMicros(pid) - before) / HANDSHAKES
}

async function memory({ url, pid }: Contestant): Promise<number> {
  const miners: Miner[] = []
  const grow = async (count: number) => {
    for (let n = 0; n < count; n++) {
      const miner = await Miner.connect(url)
      await miner.open(1)
      miners.push(miner)
    }
  }
  await grow(100)
  const before = residentKb(pid)
  await grow(IDLE)
  await pause(2_000)
  const after = residentKb(pid)
  for (const miner of miners) miner.end()
  return (after - before) / IDLE
}

/** Of all threads of a process, from its start on. */
function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS
}

function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** The median, and the least and the most. */
function spread(values: readonly number[]): string {
  const shown = (value: number) => value.toPrecision(3)
  return `${shown(median(values))} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
