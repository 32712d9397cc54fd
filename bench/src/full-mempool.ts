import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { displayHash, hex, nbitsToTarget, sha256 } from '@sv2/bitcoin'
import type { NodeTransaction } from '@sv2/roles/ground'
import { Child } from './child.ts'
import { makePayments } from './full-block.ts'
import { Miner } from './miner.ts'
import { type Measurement, median } from './report.ts'

/** Transactions of the node's template; the mempools of 2026 fill blocks with about so many. */
const TRANSACTIONS = 9_135
/** So many of them are new at each tip. */
const NEW_AT_TIP = 3_000
/** Measured tips. */
const TIPS = 7
/** What the node takes to make a template of such a mempool, before it answers, ms. */
const NODE_MS = 250
const NBITS = '207fffff'

/** What a template provider makes of a node with a full mempool, at a new tip. */
export async function measureFullMempool(dataDir: string): Promise<Measurement[]> {
  const rows: Measurement[] = []
  for (const emptyFirst of [false, true]) {
    const node = await FullNode.start({
      transactions: TRANSACTIONS,
      bits: NBITS,
      answersAfterMs: NODE_MS,
    })
    const parsed = cpuOf(() => JSON.parse(node.text))
    if (rows.length === 0)
      rows.push({
        part: 'template',
        name: 'the host’s JSON.parse of the answer alone (baseline)',
        values: { 'CPU ms/tip': round(parsed) },
      })
    rows.push(await measure(node, { emptyFirst, dataDir: `${dataDir}-${emptyFirst}`, parsed }))
    node.stop()
  }
  return rows
}

async function measure(
  node: FullNode,
  {
    emptyFirst,
    dataDir,
    parsed,
  }: { readonly emptyFirst: boolean; readonly dataDir: string; readonly parsed: number },
): Promise<Measurement> {
  const child = Child.start('app-process.ts', {
    app: 'template-provider',
    config: {
      network: 'regtest',
      data_dir: dataDir,
      empty_template_first: emptyFirst,
      template_interval_sec: 3_600,
      nodes: [{ url: node.url, user: 'bench', password: 'bench' }],
      listen: [{ host: '127.0.0.1', port: 0, edition: 'current' }],
      monitoring: { port: 0 },
    },
  })
  const { urls } = await child.next<{ urls: string[] }>('urls')
  const client = await Miner.connect(urls[0]!, 'templates')
  const first: number[] = []
  const whole: number[] = []
  const cpu: number[] = []
  const stalls: number[] = []
  let told: { readonly at: number; readonly isWhole: boolean }[] = []
  client.onMessage = (message) => {
    if (message.type === 'NewTemplate')
      told.push({ at: performance.now(), isWhole: message.merklePath.length > 0 })
  }
  client.send({
    type: 'SetupConnection',
    protocol: 2,
    minVersion: 2,
    maxVersion: 2,
    flags: 0,
    endpointHost: '127.0.0.1',
    endpointPort: 8336,
    vendor: 'bench',
    hardwareVersion: '',
    firmware: '1',
    deviceId: '',
  })
  client.send({
    type: 'CoinbaseOutputConstraints',
    coinbaseOutputMaxAdditionalSize: 100,
    coinbaseOutputMaxAdditionalSigops: 0,
  })
  const untilWhole = async () => {
    while (!told.some(({ isWhole }) => isWhole)) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await untilWhole()
  for (let tip = 0; tip < TIPS; tip++) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const tellTip = node.nextTip()
    told = []
    child.ask('watch')
    await child.next<{ watching: boolean }>('watching')
    const before = await child.cpuMicros()
    const at = performance.now()
    tellTip()
    await untilWhole()
    const after = await child.cpuMicros()
    child.ask('stalled')
    stalls.push((await child.next<{ stalledMs: number; busyMs: number }>('stalledMs')).busyMs)
    first.push(told[0]!.at - at)
    whole.push(told.find(({ isWhole }) => isWhole)!.at - node.answeredAt)
    cpu.push((after - before) / 1000)
  }
  client.end()
  child.stop()
  return {
    part: 'template',
    name: emptyFirst ? 'an empty template first' : 'the whole template alone',
    values: {
      'node’s tip → first template, ms': round(median(first)),
      'node’s answer → whole template, ms': round(median(whole)),
      'CPU ms/tip': round(median(cpu)),
      'against JSON.parse': `${round(median(cpu) / parsed)} ×`,
      'longest stall, processor time, ms': round(Math.max(...stalls)),
    },
  }
}

/** What a node has. */
interface NodeState {
  readonly transactions: number
  /** Of its blocks, hex. */
  readonly bits: string
  /** What it takes to make a template. */
  readonly answersAfterMs: number
}

/** A node that speaks as much RPC as a template provider asks for. */
export class FullNode {
  readonly #server: Server
  readonly #state: NodeState
  #transactions: readonly NodeTransaction[]
  #height = 1_000
  #waiting: (() => void)[] = []
  /** The template as it stands in an answer. */
  text: string
  /** When the last template was handed to the kernel. */
  answeredAt = 0

  private constructor(state: NodeState) {
    this.#state = state
    this.#transactions = makePayments(state.transactions)
    this.text = this.#answer(this.#height)
    this.#server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => this.#call(JSON.parse(body), response))
    })
  }

  static async start(state: NodeState): Promise<FullNode> {
    const node = new FullNode(state)
    node.#server.listen(0, '127.0.0.1')
    await once(node.#server, 'listening')
    return node
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Prepares the next tip. What it answers is the function that tells of it. */
  nextTip(): () => void {
    const height = this.#height + 1
    this.#transactions = [...this.#transactions.slice(NEW_AT_TIP), ...makePayments(NEW_AT_TIP)]
    const text = this.#answer(height)
    return () => {
      this.#height = height
      this.text = text
      for (const wake of this.#waiting.splice(0)) wake()
    }
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #tip(height = this.#height): string {
    return displayHash(sha256(Uint8Array.of(height, height >> 8)))
  }

  #call(
    { method, params }: { readonly method: string; readonly params: readonly unknown[] },
    to: ServerResponse,
  ) {
    const answer = (result: unknown) => to.end(JSON.stringify({ result, error: null, id: 1 }))
    switch (method) {
      case 'getblockchaininfo':
        return answer({
          chain: 'regtest',
          blocks: this.#height,
          headers: this.#height,
          bestblockhash: this.#tip(),
        })
      case 'waitfornewblock': {
        const wake = () => {
          clearTimeout(timer)
          answer({ hash: this.#tip(), height: this.#height })
        }
        const timer = setTimeout(wake, Number(params[0]))
        this.#waiting.push(wake)
        return
      }
      case 'getblockheader':
        return answer({
          hash: this.#tip(),
          height: this.#height,
          bits: this.#state.bits,
          mediantime: 1_700_000_000,
        })
      case 'getblocktemplate':
        return setTimeout(() => {
          to.end(this.text)
          this.answeredAt = performance.now()
        }, this.#state.answersAfterMs)
      default:
        return to
          .writeHead(500)
          .end(JSON.stringify({ result: null, error: { code: -22, message: 'no' }, id: 1 }))
    }
  }

  #answer(height: number): string {
    const fees = this.#transactions.reduce((sum, { fee }) => sum + fee, 0n)
    return JSON.stringify({
      result: {
        version: 0x2000_0000,
        rules: ['csv', '!segwit', 'taproot'],
        previousblockhash: this.#tip(height),
        transactions: this.#transactions.map(described),
        coinbasevalue: Number(fees) + 1_250_000_000,
        target: hex(nbitsToTarget(Number.parseInt(this.#state.bits, 16)).toReversed()),
        mintime: 1_700_000_000,
        curtime: Math.floor(Date.now() / 1000),
        bits: this.#state.bits,
        height: height + 1,
        sigoplimit: 80_000,
        weightlimit: 40_000_000,
        default_witness_commitment: `6a24aa21a9ed${'00'.repeat(32)}`,
      },
      error: null,
      id: 1,
    })
  }
}

function described({ data, txid, wtxid, fee, sigops, weight }: NodeTransaction) {
  return {
    data: hex(data),
    txid: displayHash(txid),
    hash: displayHash(wtxid),
    depends: [],
    fee: Number(fee),
    sigops,
    weight,
  }
}

function cpuOf(work: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return median(times)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
