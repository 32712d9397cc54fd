import { mkdirSync } from 'node:fs'
import { displayHash } from '@sv2/bitcoin'
import type { RegtestNode } from '@sv2/regtest-node'
import { Chain, startNode } from './chain.ts'
import type { Child } from './child.ts'
import { Miner } from './miner.ts'
import type { Measurement } from './report.ts'

/** Tips of each node, one node after the other; the first ones warm up. */
const TIPS = 120
const WARM_UP = 20
/** Transactions that wait in each node's mempool at every tip: blocks are mined empty. */
const PAYMENTS = 200
/** Between two tips, ms: what the one before has set off is over. */
const PAUSE_MS = 50

interface Route {
  readonly name: string
  readonly device: Miner
  readonly times: number[]
}

/** A node and the ways from it. */
interface Source {
  readonly node: RegtestNode
  readonly routes: readonly Route[]
  /** Tells when the pool has taken a job. */
  readonly client: Child | undefined
}

/** (i) From a node's new tip to a device's new job, through all the processes between, without and with negotiation. */
export async function measureNegotiatedTips(dataDir: string): Promise<Measurement[]> {
  const nodes = await Promise.all(['bare', 'pool', 'farm'].map((name) => nodeIn(`${dataDir}/${name}`)))
  const [bare, plainNode, farmNode] = nodes as [RegtestNode, RegtestNode, RegtestNode]
  const plain = new Chain(plainNode, `${dataDir}/pool`)
  const farm = new Chain(farmNode, `${dataDir}/farm`)
  const pool = await plain.pool()
  const { client } = await farm.farm()
  const through = await farm.proxy(client.url)
  const acknowledged: number[] = []
  await client.child.next('acknowledgedAt')
  const polled: number[] = []
  const sources: Source[] = [
    {
      node: plainNode,
      client: undefined,
      routes: [await routeTo('template provider, pool', pool.url)],
    },
    {
      node: farmNode,
      client: client.child,
      routes: [
        await routeTo('template provider, negotiator client', client.url),
        await routeTo('template provider, negotiator client, mining proxy', through),
      ],
    },
  ]
  for (let n = 0; n < TIPS + WARM_UP; n++) {
    const poll = await timePoll(bare)
    if (n >= WARM_UP) polled.push(poll)
    for (const source of sources) {
      const agreed = await timeTip(source, n >= WARM_UP)
      if (agreed !== undefined && n >= WARM_UP) acknowledged.push(agreed)
    }
  }
  for (const { routes } of sources) for (const { device } of routes) device.end()
  plain.stop()
  farm.stop()
  await Promise.all(nodes.map((node) => node.stop()))
  const baseline = quantile(polled, 0.5)
  return [
    row('the node answers a long poll (baseline)', polled, baseline),
    ...sources.flatMap(({ routes }) => routes.map(({ name, times }) => row(name, times, baseline))),
    row('… the pool has acknowledged that job', acknowledged, baseline),
  ]
}

async function nodeIn(folder: string): Promise<RegtestNode> {
  mkdirSync(folder, { recursive: true })
  const node = await startNode(folder)
  node.sendPayments(PAYMENTS)
  return node
}

async function routeTo(name: string, url: string): Promise<Route> {
  const device = await Miner.connect(url)
  const tip = device.next('SetNewPrevHash')
  device.openExtended()
  await tip
  return { name, device, times: [] }
}

/** One tip to all devices of a node; answers when the pool had agreed to the new job, where it is asked. */
async function timeTip({ node, routes, client }: Source, counts: boolean): Promise<number | undefined> {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  client?.forget('acknowledgedAt')
  let hash = ''
  const arrivals = routes.map(
    ({ device }) =>
      new Promise<number>((resolve) => {
        device.onMessage = (message) => {
          if (message.type === 'SetNewPrevHash' && displayHash(message.prevHash) === hash) resolve(now())
        }
      }),
  )
  const started = await newTip(node)
  hash = node.bestHash()
  for (const [at, arrival] of (await Promise.all(arrivals)).entries())
    if (counts) routes[at]!.times.push(arrival - started)
  if (client === undefined) return undefined
  const { acknowledgedAt } = await client.next<{ acknowledgedAt: number }>('acknowledgedAt')
  return acknowledgedAt - started
}

/** What a node and one request need at the least: a long poll that is answered with the template of the new tip. */
async function timePoll(node: RegtestNode): Promise<number> {
  const ask = async (parameters: object): Promise<{ longpollid: string }> => {
    const response = await fetch(node.url, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(node.cookie)}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        id: 1,
        method: 'getblocktemplate',
        params: [{ rules: ['segwit'], ...parameters }],
      }),
    })
    return ((await response.json()) as { result: { longpollid: string } }).result
  }
  const { longpollid } = await ask({})
  const answered = ask({ longpollid }).then(now)
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  const started = await newTip(node)
  return (await answered) - started
}

/** Mines an empty block; answers when the node had it. */
async function newTip(node: RegtestNode): Promise<number> {
  let at = 0
  const stop = node.onBlock(() => {
    at = now()
  })
  await node.core.mineOn(node.core.chain.tip)
  stop()
  return at
}

function row(name: string, times: readonly number[], baseline: number): Measurement {
  const middle = quantile(times, 0.5)
  return {
    part: 'negotiated-tip',
    name,
    values: {
      'p50, ms': round(middle),
      'p99, ms': round(quantile(times, 0.99)),
      'p50 ÷ long poll': `${round(middle / baseline)} ×`,
    },
  }
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** A clock that the processes of one machine share. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
