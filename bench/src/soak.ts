import { mkdirSync } from 'node:fs'
import { Chain, startNode } from './chain.ts'
import type { Child, Usage } from './child.ts'
import { PacedMiner } from './paced-miner.ts'
import type { Measurement } from './report.ts'

/** Minutes when the command names no number; the figures that stand in the report come from as many as it says. */
export const SOAK_MINUTES = 2

const SHARES_PER_SECOND = 1_000
const CONNECTIONS = 10
const CHANNELS_PER_CONNECTION = 10
/** Memory is read this often, a second after a new tip; more often when the soak is short, s. */
const SAMPLE_SECONDS = 30
const LEAST_SAMPLES = 12
/** The first part of the readings is not fitted: code is compiled, caches fill. */
const SETTLING = 0.25
/** Some 43,000 hashes a block: now and then a share is one. */
const NETWORK_DIFFICULTY = 1e-5
const PAYMENTS_PER_SECOND = 5
const SEND_EVERY_MS = 50
/** What the negotiator server keeps of transactions: full within minutes, so that filling it is not taken for a leak. */
const CACHE_MIB = 1

interface Watched {
  readonly name: string
  readonly child: Child
  readonly readings: { readonly minutes: number; readonly usage: Usage }[]
}

/** (j) Memory of a pool, its negotiator server and a farm's negotiator client while shares come, garbage collected. */
export async function measureSoak(dataDir: string, minutes: number): Promise<Measurement[]> {
  mkdirSync(dataDir, { recursive: true })
  const node = await startNode(dataDir, { difficulty: NETWORK_DIFFICULTY })
  const chain = new Chain(node, dataDir)
  const { pool, server, client, templates } = await chain.farm({ cache_mib: CACHE_MIB })
  await client.child.next('acknowledgedAt')
  const miners: PacedMiner[] = []
  for (let n = 0; n < CONNECTIONS; n++)
    miners.push(await PacedMiner.connect(client.url, CHANNELS_PER_CONNECTION))
  node.setMempoolRate(PAYMENTS_PER_SECOND)
  const watched: Watched[] = [
    { name: 'template provider, which sees no share (baseline)', child: templates.child, readings: [] },
    { name: 'negotiator client', child: client.child, readings: [] },
    { name: 'negotiator server', child: server.child, readings: [] },
    { name: 'pool', child: pool.child, readings: [] },
  ]
  const started = performance.now()
  let sent = 0
  const sender = setInterval(() => {
    const due = Math.floor(((performance.now() - started) * SHARES_PER_SECOND) / 1000)
    const each = Math.floor((due - sent) / miners.length)
    for (const miner of miners) miner.send(each)
    sent += each * miners.length
  }, SEND_EVERY_MS)
  const pauseMs = 1000 * Math.min(SAMPLE_SECONDS, (60 * minutes) / LEAST_SAMPLES)
  for (let at = pauseMs; at <= minutes * 60_000; at += pauseMs) {
    await until(started + at - 1_000)
    await node.generate(1)
    await until(started + at)
    for (const { child, readings } of watched) {
      const usage = await child.usage()
      readings.push({ minutes: (performance.now() - started) / 60_000, usage })
    }
  }
  clearInterval(sender)
  const accepted = miners.reduce((sum, miner) => sum + miner.accepted, 0)
  const perSecond = accepted / ((performance.now() - started) / 1000)
  if (perSecond < 0.9 * SHARES_PER_SECOND)
    throw new Error(`only ${accepted} of ${sent} shares were accepted, ${perSecond.toFixed(0)} a second`)
  for (const miner of miners) miner.end()
  chain.stop()
  await node.stop()
  return watched.map(({ name, readings }) => row(name, readings, { minutes, perSecond }))
}

function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())))
}

function row(
  name: string,
  readings: Watched['readings'],
  { minutes, perSecond }: { readonly minutes: number; readonly perSecond: number },
): Measurement {
  const settled = readings.slice(Math.floor(SETTLING * readings.length))
  const slope = (what: 'heapUsed' | 'rss') =>
    slopeOf(settled.map((reading) => [reading.minutes, reading.usage[what]]))
  const first = settled[0]?.usage
  const last = settled.at(-1)?.usage
  return {
    part: 'soak',
    name,
    values: {
      minutes,
      'shares/s': Math.round(perSecond),
      'heap, first MB': megabytes(first?.heapUsed),
      'heap, last MB': megabytes(last?.heapUsed),
      'heap, kB/minute': round(slope('heapUsed') / 1e3),
      'heap, bytes/share': round(slope('heapUsed') / (60 * perSecond)),
      'resident, last MB': megabytes(last?.rss),
      'resident, kB/minute': round(slope('rss') / 1e3),
    },
  }
}

/** The slope of the line that fits the points best (least squares). */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (place: 0 | 1) => points.reduce((sum, point) => sum + point[place], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  let above = 0
  let below = 0
  for (const [px, py] of points) {
    above += (px - x) * (py - y)
    below += (px - x) ** 2
  }
  return above / below
}

function megabytes(bytes: number | undefined): number {
  return round((bytes ?? Number.NaN) / 1e6)
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
