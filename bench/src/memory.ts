import { Child, type Usage } from './child.ts'
import { Miner } from './miner.ts'
import type { Measurement } from './report.ts'
import { poolConfig, startTemplateSource } from './templates.ts'

const CONNECTIONS = 4_000
const CHANNELS = 50_000
const CHANNELS_PER_CONNECTION = 5_000

/** (d) Memory of a pool process per idle connection, and per channel. Garbage is collected before each reading. */
export async function measureMemory(dataDir: string): Promise<Measurement[]> {
  const connections = await grow(`${dataDir}/connections`, CONNECTIONS, 1)
  const channels = await grow(
    `${dataDir}/channels`,
    CHANNELS / CHANNELS_PER_CONNECTION,
    CHANNELS_PER_CONNECTION,
  )
  return [
    {
      part: 'memory',
      name: `idle connection with one channel (${CONNECTIONS})`,
      values: perPiece(connections, CONNECTIONS),
    },
    {
      part: 'memory',
      name: `channel on an aggregated connection (${CHANNELS})`,
      values: perPiece(channels, CHANNELS),
    },
  ]
}

interface Growth {
  readonly before: Usage
  readonly after: Usage
}

async function grow(dataDir: string, connections: number, channels: number): Promise<Growth> {
  const source = await startTemplateSource()
  const child = Child.start('app-process.ts', { app: 'pool', config: poolConfig(source, 'current', dataDir) })
  const { urls } = await child.next<{ urls: string[] }>('urls')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const warm = await Promise.all(Array.from({ length: 50 }, () => Miner.connect(urls[0]!)))
  for (const miner of warm) await miner.open(1)
  const before = await child.usage()
  const miners: Miner[] = []
  for (let n = 0; n < connections; n++) {
    const miner = await Miner.connect(urls[0]!)
    await miner.open(channels)
    miners.push(miner)
  }
  const after = await child.usage()
  for (const miner of [...warm, ...miners]) miner.end()
  child.stop()
  return { before, after }
}

function perPiece({ before, after }: Growth, pieces: number): Record<string, number> {
  const kilobytes = (bytes: number): number => Number((bytes / pieces / 1000).toPrecision(3))
  return {
    'resident, kB': kilobytes(after.rss - before.rss),
    'JavaScript heap, kB': kilobytes(after.heapUsed - before.heapUsed),
    'outside the heap, kB': kilobytes(after.external - before.external),
  }
}
