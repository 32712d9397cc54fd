import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Child } from './child.ts'
import { Miner } from './miner.ts'
import type { Measurement } from './report.ts'
import { poolConfig, startTemplateSource, type TemplateSource } from './templates.ts'

/** Tips per run; the figures are medians. */
const TIPS = 7

/** (b) A new block to many header-only devices: from the template to the last byte written, and to the last receiver. */
export async function measureTips(dataDir: string): Promise<Measurement[]> {
  const rows: Measurement[] = []
  for (const connections of [1_000, 10_000]) {
    const relay = await plainRelay(connections)
    rows.push({
      part: 'tip',
      name: `plain TCP, one write of 70 bytes to ${connections} sockets (baseline)`,
      values: relay,
    })
    rows.push(await poolTips(connections, `${dataDir}/${connections}`))
  }
  return rows
}

async function poolTips(connections: number, dataDir: string): Promise<Measurement> {
  const source = await startTemplateSource()
  const child = Child.start('app-process.ts', { app: 'pool', config: poolConfig(source, 'current', dataDir) })
  const { urls } = await child.next<{ urls: string[] }>('urls')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const miners = await connectMany(urls[0]!, connections)
  const written: number[] = []
  const received: number[] = []
  for (let n = 0; n < TIPS; n++) {
    const { writtenMs, receivedMs } = await oneTip(source, child, miners)
    written.push(writtenMs)
    received.push(receivedMs)
  }
  for (const miner of miners) miner.end()
  child.stop()
  return {
    part: 'tip',
    name: `current, ${connections} connections`,
    values: { 'last byte written, ms': median(written), 'last receiver, ms': median(received) },
  }
}

async function connectMany(url: string, count: number): Promise<Miner[]> {
  const miners: Miner[] = []
  while (miners.length < count) {
    const some = Math.min(100, count - miners.length)
    const batch = await Promise.all(
      Array.from({ length: some }, async () => {
        const miner = await Miner.connect(url)
        await miner.open(1)
        return miner
      }),
    )
    miners.push(...batch)
  }
  return miners
}

async function oneTip(source: TemplateSource, child: Child, miners: readonly Miner[]) {
  let left = miners.length
  let receivedAt = 0
  const all = new Promise<void>((resolve) => {
    for (const miner of miners) {
      miner.onMessage = (message) => {
        if (message.type !== 'SetNewPrevHash') return
        left--
        if (left > 0) return
        receivedAt = now()
        resolve()
      }
    }
  })
  child.forget('tipWrittenAt')
  const handed = source.newTip()
  const { tipWrittenAt } = await child.next<{ tipWrittenAt: number }>('tipWrittenAt')
  await all
  return { writtenMs: tipWrittenAt - handed, receivedMs: receivedAt - handed }
}

/** What the kernel and Node need at the least: the same bytes to as many sockets, from a process of its own. */
async function plainRelay(connections: number): Promise<Record<string, number>> {
  const child = Child.start('relay-process.ts', null)
  const { port } = await child.next<{ port: number }>('port')
  const clients: Socket[] = []
  for (let n = 0; n < connections; n++) {
    const client = connect({ host: '127.0.0.1', port })
    await once(client, 'connect')
    clients.push(client)
  }
  while ((await child.next<{ connected: number }>('connected')).connected < connections);
  const written: number[] = []
  const received: number[] = []
  for (let n = 0; n < TIPS; n++) {
    let left = connections
    const all = new Promise<void>((resolve) => {
      for (const client of clients) {
        client.removeAllListeners('data')
        client.on('data', () => {
          left--
          if (left === 0) resolve()
        })
      }
    })
    const started = now()
    child.ask('go')
    const { writtenAt } = await child.next<{ writtenAt: number }>('writtenAt')
    await all
    written.push(writtenAt - started)
    received.push(now() - started)
  }
  for (const client of clients) client.destroy()
  child.stop()
  return { 'last byte written, ms': median(written), 'last receiver, ms': median(received) }
}

/** A clock that two processes of one machine share. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

function median(values: readonly number[]): number {
  return Number([...values].sort((a, b) => a - b)[values.length >> 1]!.toPrecision(3))
}
