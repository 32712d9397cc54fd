import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { measureApiLoad } from './api-load.ts'
import { measureBytes } from './bytes.ts'
import { measureChannels } from './channels.ts'
import { measureDeclarations } from './declarations.ts'
import { measureFullMempool } from './full-mempool.ts'
import { measureHandshakes } from './handshake.ts'
import { measureHop } from './hop.ts'
import { measureJournal } from './journal.ts'
import { measureMemory } from './memory.ts'
import { measureNegotiatedTips } from './negotiated-tip.ts'
import { measurePeers } from './peers.ts'
import { type Measurement, table } from './report.ts'
import { measureRest } from './rest.ts'
import { measureShares } from './share.ts'
import { measureSoak, SOAK_MINUTES } from './soak.ts'
import { measureStalls } from './stall.ts'
import { measureSv1, measureSv1Memory } from './sv1.ts'
import { measureTips } from './tip.ts'
import { measureWorkers } from './workers.ts'

/** What some parts are told. */
interface Options {
  readonly minutes: number
  /** Folder with the binaries of the Rust reference implementation. */
  readonly sri: string | undefined
}

/** The parts, in the order of the report: title, and how it is measured. */
const PARTS: Readonly<
  Record<
    string,
    { readonly title: string; readonly run: (dataDir: string, options: Options) => Promise<Measurement[]> }
  >
> = {
  share: { title: 'Shares through an encrypted connection', run: measureShares },
  journal: { title: 'The journal and the ledger', run: measureJournal },
  workers: { title: 'Shares on one process and on two workers', run: measureWorkers },
  api: { title: 'Shares while the API is asked', run: measureApiLoad },
  tip: { title: 'A new block to many connections', run: measureTips },
  template: { title: 'A new tip on a full mempool, through the template provider', run: measureFullMempool },
  stall: { title: 'Stalls by very many channels on one connection', run: measureStalls },
  handshake: { title: 'Handshakes', run: measureHandshakes },
  memory: {
    title: 'Memory',
    run: async (dataDir) => [...(await measureMemory(dataDir)), ...(await measureSv1Memory(dataDir))],
  },
  rest: { title: 'Processes at rest', run: measureRest },
  sv1: { title: 'Stratum V1 shares through the translator', run: measureSv1 },
  hop: { title: 'One hop through a mining proxy', run: measureHop },
  bytes: { title: 'Bytes on the wire', run: async () => measureBytes() },
  channels: { title: 'The pool role alone, by number of channels', run: async () => measureChannels() },
  declarations: {
    title: 'Jobs of 4,000 transactions through the negotiator server',
    run: async () => measureDeclarations(),
  },
  'negotiated-tip': {
    title: 'From a new tip of the node to a new job of a device',
    run: measureNegotiatedTips,
  },
  soak: { title: 'Memory over a soak', run: (dataDir, options) => measureSoak(dataDir, options.minutes) },
  peers: {
    title: 'Beside the Rust reference implementation',
    run: async (dataDir, { sri }) => (sri === undefined ? [] : measurePeers(dataDir, sri)),
  },
}

const REPORT = join(import.meta.dirname, '../../docs/performance.md')
const BEGIN = '<!-- measured: begin -->'
const END = '<!-- measured: end -->'

const command = new Command('npm run bench --')
  .description(
    'Measures the stack, each figure against a baseline of the same run, and writes docs/performance.md',
  )
  .argument('[parts...]', `parts to measure: ${Object.keys(PARTS).join(', ')}; all when none is named`)
  .option('--minutes <minutes>', 'how long the soak takes', String(SOAK_MINUTES))
  .option('--sri <dir>', 'folder with `pool_sv2` of the Rust reference implementation, for the part peers')
  .option('--json', 'print the rows as JSON and leave the report as it is')
command.parse()
const { json, minutes: soakMinutes, sri } = command.opts<{ json?: boolean; minutes: string; sri?: string }>()
const minutes = Number(soakMinutes)
if (!(minutes >= 1)) command.error(`--minutes ${soakMinutes}: a number from 1`)
const named = command.args
for (const name of named) if (PARTS[name] === undefined) command.error(`no such part: ${name}`)
if (named.includes('peers') && sri === undefined) command.error('peers: --sri says where its binaries are')

const dataDir = await mkdtemp(join(tmpdir(), 'sv2-bench-'))
const rows: Measurement[] = []
const say = (text: string): void => {
  if (json !== true) process.stderr.write(text)
}
say(
  `load average ${loadavg()
    .map((load) => load.toFixed(2))
    .join(' ')}\n`,
)
for (const [name, { title, run }] of Object.entries(PARTS)) {
  if (named.length > 0 && !named.includes(name)) continue
  if (name === 'peers' && sri === undefined) continue
  say(`${title} …\n`)
  const measured = await run(join(dataDir, name), { minutes, sri })
  rows.push(...measured)
  say(`${table(measured)}\n\n`)
}
if (json === true) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
else if (named.length === 0) await writeReport()
await rm(dataDir, { recursive: true, force: true })
process.exit(0)

/** Puts the tables between the marks of the report; the prose around them stays. */
async function writeReport(): Promise<void> {
  const text = await readFile(REPORT, 'utf8')
  const tables = Object.entries(PARTS)
    .filter(([name]) => rows.some(({ part }) => part === name))
    .map(([name, { title }]) => `### ${title}\n\n${table(rows.filter(({ part }) => part === name))}\n`)
  const machine = `Node ${process.version}, ${cpus().length} cores of ${cpus()[0]?.model ?? 'an unknown processor'}.`
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`${REPORT} has no place for the tables`)
  await writeFile(
    REPORT,
    `${text.slice(0, begin + BEGIN.length)}\n\n${machine}\n\n${tables.join('\n')}\n${text.slice(end)}`,
  )
  say(`written to docs/performance.md\n`)
}
