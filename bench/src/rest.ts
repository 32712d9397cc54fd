import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentPrefix } from '@sv2/app-kit'
import { freePort } from './free-port.ts'
import { type Measurement, median } from './report.ts'

const APPS = join(import.meta.dirname, '../../apps')
const RUNS = 5
/** What an app does after its start is over by then, ms. */
const SETTLED_MS = 3_000
/** Clock ticks of Linux, per second. */
const TICKS = 100

/** A server where nobody listens: an app at rest has no work. */
const NOBODY = {
  HOST: '127.0.0.1',
  PORT: '9',
  AUTHORITY_KEY: '9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72',
}

/** What each app cannot start without, by environment. */
const NEEDED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'translator-proxy': under('V1_TO_V2__UPSTREAMS__0__', { ...NOBODY, USER_IDENTITY: 'farm' }),
  'mining-proxy': under('UPSTREAMS__0__', NOBODY),
  'mining-device': { ...under('UPSTREAM__', NOBODY), MONITORING__ENABLED: 'true' },
  pool: {
    ...under('TEMPLATE_PROVIDER__', NOBODY),
    NETWORK: 'mainnet',
    PAYOUT__ADDRESS: 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq',
  },
}

/** An empty process that answers HTTP: what Node itself takes. */
const PLAIN_NODE = `require('http').createServer((_, answer) => answer.end()).listen(Number(process.env.PORT), '127.0.0.1')`

interface Rest {
  readonly cpuMs: number
  readonly mebibytes: number
}

/** Processor time until an app serves its numbers, and its memory with nobody connected; as built, with plain Node. */
export async function measureRest(dataDir: string): Promise<Measurement[]> {
  const kinds = ['plain Node', ...Object.keys(NEEDED)]
  const seen = new Map<string, Rest[]>(kinds.map((kind) => [kind, []]))
  for (let run = 0; run < RUNS; run++) {
    for (const kind of kinds) seen.get(kind)!.push(await restOf(kind, `${dataDir}/${kind}-${run}`))
  }
  const plain = middle(seen.get('plain Node')!)
  return kinds.map((kind) => {
    const { cpuMs, mebibytes } = middle(seen.get(kind)!)
    return {
      part: 'rest',
      name: kind,
      values: {
        'processor time of the start, ms': cpuMs,
        '÷ plain Node': Number((cpuMs / plain.cpuMs).toFixed(1)),
        'resident, MiB': mebibytes,
        'more than plain Node, MiB': mebibytes - plain.mebibytes,
      },
    }
  })
}

function middle(runs: readonly Rest[]): Rest {
  return {
    cpuMs: median(runs.map(({ cpuMs }) => cpuMs)),
    mebibytes: median(runs.map((run) => run.mebibytes)),
  }
}

async function restOf(kind: string, dataDir: string): Promise<Rest> {
  const port = await freePort()
  const child = kind === 'plain Node' ? startPlainNode(port) : startApp(kind, port, dataDir)
  try {
    await answers(`http://127.0.0.1:${port}/healthz`, child)
    const cpuMs = cpuOf(child.pid!)
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS))
    return { cpuMs, mebibytes: memoryOf(child.pid!) }
  } finally {
    child.kill('SIGKILL')
    if (child.exitCode === null) await once(child, 'exit')
  }
}

function startPlainNode(port: number): ChildProcess {
  return spawn(process.execPath, ['-e', PLAIN_NODE], { env: { PORT: String(port) }, stdio: 'ignore' })
}

function startApp(app: string, port: number, dataDir: string): ChildProcess {
  const main = join(APPS, app, 'dist/main.js')
  if (!existsSync(main)) throw new Error(`${app} is not built: npm run build`)
  const ports = { MONITORING__PORT: String(port) }
  // a device has no doors, and keeps nothing
  const server = { DATA_DIR: dataDir, LISTEN__0__HOST: '127.0.0.1', LISTEN__0__PORT: '0' }
  const settings = { ...NEEDED[app], ...ports, ...(app !== 'mining-device' && server) }
  const env = under(`${environmentPrefix(app)}__`, settings)
  return spawn(process.execPath, [main], { env, stdio: 'ignore' })
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) return void (await answer.arrayBuffer())
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`the process ended with ${child.exitCode}`)
}

/** Processor time of a process so far, ms (proc(5), fields 14 and 15 of `stat`). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS
}

function memoryOf(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]
  return Math.round(Number(kibibytes) / 1_024)
}

function under(prefix: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, value]))
}
