import type { MessageNamed } from '@sv2/messages'
import { Child } from './child.ts'
import { Miner } from './miner.ts'
import type { Measurement } from './report.ts'
import { type RunningScriptedPool, startScriptedPool } from './scripted-pool.ts'

/** Jobs and shares per route; the first ones warm up. */
const ROUNDS = 600
const WARM_UP = 100

const EVERYTHING = new Uint8Array(32).fill(0xff)

/** One way from the miner to a pool of its own, both in this process; what lies between is another process. */
interface Route {
  readonly name: string
  readonly pool: RunningScriptedPool
  readonly miner: Miner
  readonly share: () => void
  readonly jobs: number[]
  readonly shares: number[]
}

/** (g) What a proxy adds to the way of a job and of a share, against a plain TCP relay in its place. */
export async function measureHop(dataDir: string): Promise<Measurement[]> {
  const children: Child[] = []
  const child = async (file: string, argument: unknown): Promise<Child> => {
    const started = Child.start(file, argument)
    children.push(started)
    return started
  }
  const relay = async (pool: RunningScriptedPool): Promise<string> => {
    const { port } = await (await child('tcp-relay-process.ts', pool.port)).next<{ port: number }>('port')
    return pool.urlAt(port)
  }
  const proxy = (mode: string) => async (pool: RunningScriptedPool) => {
    const config = proxyConfig(pool.urlAt(pool.port), mode, `${dataDir}/${mode}`)
    const started = await child('app-process.ts', { app: 'mining-proxy', config })
    const { urls } = await started.next<{ urls: string[] }>('urls')
    return urls[0] ?? ''
  }
  const routes = [
    await openRoute('no hop', dataDir, async (pool) => pool.urlAt(pool.port)),
    await openRoute('plain TCP relay (baseline)', dataDir, relay),
    await openRoute('mining proxy, transparent', dataDir, proxy('transparent')),
    await openRoute('mining proxy, aggregating', dataDir, proxy('aggregating')),
  ]
  for (let round = 0; round < ROUNDS; round++) {
    for (const route of routes) {
      const job = await timeJob(route)
      const share = await timeShare(route)
      if (round < WARM_UP) continue
      route.jobs.push(job)
      route.shares.push(share)
    }
  }
  for (const { miner } of routes) miner.end()
  for (const started of children) started.stop()
  const baseline = routes[1]
  return routes.map((route) => ({ part: 'hop', name: route.name, values: figures(route, baseline) }))
}

async function openRoute(
  name: string,
  dataDir: string,
  between: (pool: RunningScriptedPool) => Promise<string>,
): Promise<Route> {
  const pool = await startScriptedPool(`${dataDir}/${name.replace(/\W+/g, '-')}`, EVERYTHING)
  const miner = await Miner.connect(await between(pool))
  const opened = miner.next('OpenExtendedMiningChannel.Success')
  const tip = miner.next('SetNewPrevHash')
  const job = miner.next('NewExtendedMiningJob')
  miner.openExtended()
  const { channelId, extranonceSize } = await opened
  let { minNtime: ntime } = await tip
  let { jobId, version } = await job
  let count = 0
  const extranonce = new Uint8Array(extranonceSize)
  const numbers = new DataView(extranonce.buffer)
  miner.onMessage = (message) => {
    if (message.type !== 'NewExtendedMiningJob') return
    ;({ jobId, version } = message)
    ntime = message.minNtime ?? ntime
  }
  const share = (): void => {
    count++
    numbers.setUint32(extranonceSize - 4, count)
    const nonce = count
    const rest = { nonce, ntime, version, extranonce }
    miner.send({ type: 'SubmitSharesExtended', channelId, sequenceNumber: count, jobId, ...rest })
  }
  return { name, pool, miner, share, jobs: [], shares: [] }
}

async function timeJob({ pool, miner }: Route): Promise<number> {
  const arrived: Promise<MessageNamed<'NewExtendedMiningJob'>> = miner.next('NewExtendedMiningJob')
  const started = performance.now()
  pool.job()
  await arrived
  return performance.now() - started
}

async function timeShare({ pool, share }: Route): Promise<number> {
  const started = performance.now()
  const arrived = new Promise<number>((resolve) => pool.onShare(() => resolve(performance.now())))
  share()
  return (await arrived) - started
}

function figures(route: Route, baseline: Route | undefined): Record<string, number | string> {
  const values: Record<string, number | string> = {}
  for (const what of ['jobs', 'shares'] as const) {
    for (const part of [0.5, 0.99]) {
      const name = `${what === 'jobs' ? 'job' : 'share'} p${part * 100}, ms`
      values[name] = Number(quantile(route[what], part).toPrecision(3))
    }
    if (baseline === undefined) continue
    const ratio = quantile(route[what], 0.99) / quantile(baseline[what], 0.99)
    values[`${what === 'jobs' ? 'job' : 'share'} p99 ÷ relay`] = `${ratio.toPrecision(3)} ×`
  }
  return values
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

function proxyConfig(url: string, mode: string, dataDir: string): unknown {
  return {
    data_dir: dataDir,
    mode,
    upstreams: [{ url, ...(mode === 'aggregating' ? { identity: 'bench' } : {}) }],
    listen: [{ host: '127.0.0.1', port: 0 }],
    monitoring: { port: 0 },
    ...(mode === 'aggregating'
      ? { difficulty: { vardiff: false, min_difficulty: 1e-12, start_difficulty: 1e-11 } }
      : {}),
  }
}
