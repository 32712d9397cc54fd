import { Child } from './child.ts'
import { freePort } from './free-port.ts'
import { Miner } from './miner.ts'
import type { Measurement } from './report.ts'
import { Load, round, sendAll } from './share.ts'
import { poolConfig, startTemplateSource } from './templates.ts'

const CONNECTIONS = 1_000
/** Of each connection, by one worker. */
const CHANNELS = 10
const WARM_UP = 60_000
const SHARES = 200_000
/** Pairs of turns, without requests and with them, one behind the other in one process. */
const PAIRS = 5
const REQUESTS_PER_SECOND = 50
const PAGES = [
  'pool',
  'pool/history?span=day',
  'accounts/farm',
  'accounts/farm/history?span=day',
  'accounts/farm/workers?limit=100',
  'miners?limit=100',
  'blocks',
  'global',
]

/** Shares judged by a pool process while its API is asked, against the same without. */
export async function measureApiLoad(dataDir: string): Promise<Measurement[]> {
  const source = await startTemplateSource()
  const port = await freePort()
  const config = { ...(poolConfig(source, 'current', dataDir) as object), monitoring: { port } }
  const child = Child.start('app-process.ts', { app: 'pool', config })
  const { urls } = await child.next<{ urls: string[] }>('urls')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const loads: Load[] = []
  for (let n = 0; n < CONNECTIONS; n++) {
    const miner = await Miner.connect(urls[0]!)
    loads.push(new Load(miner, await miner.open(CHANNELS, { user: `farm.rig-${n}` })))
  }
  await sendAll(loads, WARM_UP)
  const turn = async (): Promise<Turn> => {
    const before = await child.usage()
    const started = performance.now()
    await sendAll(loads, SHARES)
    const seconds = (performance.now() - started) / 1000
    const after = await child.usage()
    return { perSecond: SHARES / seconds, cpuMicros: (after.cpuMicros - before.cpuMicros) / SHARES }
  }
  const pairs: Pair[] = []
  let asked = 0
  for (let n = 0; n < PAIRS; n++) {
    const without = await turn()
    const requests = new Requests(port)
    const asking = await turn()
    asked += await requests.end()
    pairs.push({ without, asking })
  }
  for (const { miner } of loads) miner.end()
  child.stop()
  const ratio = ({ without, asking }: Pair) => asking.perSecond / without.perSecond
  const median = pairs.sort((a, b) => ratio(a) - ratio(b))[PAIRS >> 1]!
  const row = (name: string, { perSecond, cpuMicros }: Turn, against: number): Measurement => ({
    part: 'api',
    name,
    values: {
      'shares/s': Math.round(perSecond),
      'CPU µs/share': round(cpuMicros),
      'against the baseline': `${round(against)} ×`,
    },
  })
  return [
    row(`${CONNECTIONS} workers, nobody asks (baseline)`, median.without, 1),
    row(
      `${REQUESTS_PER_SECOND} requests a second (${asked} answered in ${PAIRS} turns)`,
      median.asking,
      ratio(median),
    ),
  ]
}

interface Turn {
  readonly perSecond: number
  readonly cpuMicros: number
}

interface Pair {
  readonly without: Turn
  readonly asking: Turn
}

/** Asks for pages in turn, at an even pace, whatever the answers take. */
class Requests {
  readonly #timer: NodeJS.Timeout
  readonly #answers: Promise<void>[] = []

  constructor(port: number) {
    this.#timer = setInterval(() => {
      const page = PAGES[this.#answers.length % PAGES.length]!
      this.#answers.push(ask(`http://127.0.0.1:${port}/api/v1/${page}`))
    }, 1000 / REQUESTS_PER_SECOND)
  }

  /** Answers how many were answered. @throws when one was not */
  async end(): Promise<number> {
    clearInterval(this.#timer)
    await Promise.all(this.#answers)
    return this.#answers.length
  }
}

async function ask(url: string): Promise<void> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`)
  await answer.arrayBuffer()
}
