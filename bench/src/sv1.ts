import { difficultyToTarget } from '@sv2/bitcoin'
import { Child } from './child.ts'
import type { Measurement } from './report.ts'
import { type RunningScriptedPool, startScriptedPool } from './scripted-pool.ts'
import { type Run, sv1Baseline } from './share.ts'
import { V1Miner } from './v1-miner.ts'

/** Shares of one run; each job takes so many of one miner, then the pool gives another. */
const SHARES = 200_000
const WARM_UP = 20_000
const SHARES_PER_JOB = 20_000
const IN_FLIGHT = 10_000
const CONNECTIONS = 4_000

/** One share in 4,096 is good enough for the pool above: what is measured is this side of the translator. */
const FEW_GO_UP = difficultyToTarget(2 ** -20)
const ALL_GO_UP = new Uint8Array(32).fill(0xff)

/** (h) Stratum V1 shares through the translator, and what a V1 connection takes. */
export async function measureSv1(dataDir: string): Promise<Measurement[]> {
  const baseline = await sv1Baseline()
  const rows = [row('SV1 JSON loop, 1 connection (baseline)', baseline, baseline)]
  for (const { name, connections, target } of [
    { name: '1 connection', connections: 1, target: FEW_GO_UP },
    { name: '1,000 connections', connections: 1_000, target: FEW_GO_UP },
    { name: '1,000 connections, every share goes up', connections: 1_000, target: ALL_GO_UP },
  ]) {
    const run = await shares(connections, target, `${dataDir}/${name.replace(/\W+/g, '-')}`)
    rows.push(row(`translator, ${name}`, run, baseline))
  }
  return rows
}

/** (i) Memory of a translator process per idle V1 connection. Garbage is collected before each reading. */
export async function measureSv1Memory(dataDir: string): Promise<Measurement[]> {
  const { child, port } = await translator(FEW_GO_UP, `${dataDir}/v1`)
  const miners = await connectMany(port, 50)
  const before = await child.usage()
  miners.push(...(await connectMany(port, CONNECTIONS)))
  const after = await child.usage()
  for (const miner of miners) miner.end()
  child.stop()
  const kilobytes = (bytes: number): number => Number((bytes / CONNECTIONS / 1000).toPrecision(3))
  return [
    {
      part: 'memory',
      name: `translator, idle V1 connection (${CONNECTIONS})`,
      values: {
        'resident, kB': kilobytes(after.rss - before.rss),
        'JavaScript heap, kB': kilobytes(after.heapUsed - before.heapUsed),
        'outside the heap, kB': kilobytes(after.external - before.external),
      },
    },
  ]
}

function row(name: string, run: Run, baseline: Run): Measurement {
  const round = (value: number): number => Number(value.toPrecision(3))
  return {
    part: 'sv1',
    name,
    values: {
      'shares/s': Math.round(run.perSecond),
      'shares/s and core': Math.round(run.perSecondAndCore),
      'CPU µs/share': round(run.cpuMicros),
      'against the loop': `${round(baseline.cpuMicros / run.cpuMicros)} ×`,
    },
  }
}

async function shares(connections: number, target: Uint8Array, dataDir: string): Promise<Run> {
  const { child, port, pool } = await translator(target, dataDir)
  const miners = await connectMany(port, connections)
  await send(miners, pool, WARM_UP)
  const before = await child.usage()
  const started = performance.now()
  await send(miners, pool, SHARES)
  const seconds = (performance.now() - started) / 1000
  const after = await child.usage()
  const refused = miners.reduce((sum, miner) => sum + miner.refused, 0)
  for (const miner of miners) miner.end()
  child.stop()
  const judged = after.accepted - before.accepted
  if (judged < SHARES * 0.99) throw new Error(`only ${judged} of ${SHARES} accepted, ${refused} refused`)
  const cpu = after.cpuMicros - before.cpuMicros
  return { perSecond: judged / seconds, perSecondAndCore: (judged * 1e6) / cpu, cpuMicros: cpu / judged }
}

async function send(miners: readonly V1Miner[], pool: RunningScriptedPool, total: number): Promise<void> {
  const each = Math.ceil(total / miners.length)
  for (let done = 0; done < each; done += SHARES_PER_JOB) {
    await Promise.all(
      miners.map((miner) => burst(miner, Math.min(SHARES_PER_JOB, each - done), miners.length)),
    )
    if (done + SHARES_PER_JOB >= each) return
    const jobs = miners.map((miner) => miner.nextJob())
    pool.job()
    await Promise.all(jobs)
  }
}

/** Sends shares of one miner, so many in flight at one time, and waits for the answers. */
function burst(miner: V1Miner, count: number, miners: number): Promise<void> {
  const window = Math.max(10, Math.floor(IN_FLIGHT / miners))
  const batch = Math.max(5, Math.floor(window / 4))
  return new Promise((resolve) => {
    let left = count
    const goal = miner.answered + miner.refused + count
    const more = (): void => {
      while (left > 0 && miner.unanswered - miner.refused + batch <= window) {
        const some = Math.min(batch, left)
        left -= some
        miner.submit(some)
      }
      if (miner.answered + miner.refused >= goal) resolve()
    }
    miner.onAnswer = more
    more()
  })
}

async function connectMany(port: number, count: number): Promise<V1Miner[]> {
  const miners: V1Miner[] = []
  while (miners.length < count) {
    const some = Math.min(100, count - miners.length)
    const batch = Array.from({ length: some }, (_, n) => V1Miner.connect(port, `bench.${miners.length + n}`))
    miners.push(...(await Promise.all(batch)))
  }
  return miners
}

async function translator(target: Uint8Array, dataDir: string) {
  const pool = await startScriptedPool(`${dataDir}/pool`, target)
  const child = Child.start('app-process.ts', {
    app: 'translator-proxy',
    config: {
      data_dir: dataDir,
      v1_to_v2: {
        upstreams: [{ url: pool.urlAt(pool.port), user_identity: 'bench' }],
        difficulty: { vardiff: false, min_difficulty: 1e-12, start_difficulty: 1e-11 },
        limits: { max_shares_per_second: 10_000_000, probe_sec: 0 },
      },
      listen: [{ host: '127.0.0.1', port: 0, protocol: 'v1' }],
      monitoring: { port: 0 },
    },
  })
  const { urls } = await child.next<{ urls: string[] }>('urls')
  return { child, pool, port: Number(urls[0]?.split(':').at(-1)) }
}
