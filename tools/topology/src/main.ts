import type { LogLine } from './app-process.ts'
import { LEVEL_NUMBERS, logText } from './log-text.ts'
import { readOptions } from './options.ts'
import { startTopology, type Topology } from './topology.ts'

const options = readOptions(process.argv.slice(2))
const say = (text: string): void => void process.stdout.write(options.json ? '' : text)
const least = LEVEL_NUMBERS[options.logLevel]

let topology: Topology | undefined
let stopping = false
/** Blocks that real nodes have taken; embedded ones are looked at instead. */
let taken = 0
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void stop(0, `${signal}: stopping`))

try {
  topology = await startTopology({
    side: options.side,
    from: options.dist ? 'dist' : 'sources',
    edition: options.edition,
    difficulty: options.difficulty,
    hashrate: options.hashrate,
    transactions: options.transactions,
    knownPorts: true,
    ...(options.node === undefined
      ? {}
      : {
          access: { node: options.node, farmNode: options.farmNode ?? options.node },
          network: options.network,
        }),
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    onStarting: (name) => say(`starting ${name} …\n`),
    onLine: print,
  })
  say(banner(topology))
  watch(topology)
} catch (error) {
  process.stderr.write(`cannot start: ${(error as Error).message}\n`)
  await stop(1, 'stopping')
}

function print(name: string, line: LogLine): void {
  if (options.node !== undefined && line.msg === 'block accepted' && name.endsWith('template-provider')) {
    taken++
    end()
  }
  if (line.level < least) return
  process.stdout.write(options.json ? `${JSON.stringify({ part: name, ...line })}\n` : logText(name, line))
}

/** What runs where. */
function banner(running: Topology): string {
  const lines = running.names.map(
    (name) => `  ${name.padEnd(22)} ${running.url(name).padEnd(90)} ${running.monitoring(name)}/metrics`,
  )
  return [
    '',
    `  files: ${running.dataDir}`,
    `  nodes: ${options.node?.url ?? running.node.url} (pool), ${options.farmNode?.url ?? running.farmNode.url} (farm)`,
    ...lines,
    '',
    '  Ctrl-C stops everything.',
    '',
    '',
  ].join('\n')
}

/** Ends when enough blocks are there, the time is over, or a process has ended by itself. */
function watch(running: Topology): void {
  const { blocks } = options
  for (const name of running.names) {
    void running.process(name).ended.then(({ code, stderr }) => {
      if (!stopping) void stop(1, `${name} ended with ${code}\n${stderr}`)
    })
  }
  if (blocks === undefined) return
  setTimeout(
    () => void stop(1, `only ${blocksOf(running)} of ${blocks} blocks after ${options.timeout} s`),
    options.timeout * 1000,
  ).unref()
  end()
  if (options.node === undefined) running.node.onBlock(end)
}

function blocksOf(running: Topology): number {
  return options.node === undefined ? running.ownBlocks : taken
}

/** Ends when enough blocks are there. */
function end(): void {
  const { blocks } = options
  if (topology === undefined || blocks === undefined || blocksOf(topology) < blocks) return
  void stop(0, `${blocksOf(topology)} blocks of ours are in the chain`)
}

async function stop(code: number, why: string): Promise<void> {
  if (stopping) return
  stopping = true
  if (code === 0) say(`${why}\n`)
  else process.stderr.write(`${why}\n`)
  process.exitCode = code
  await topology?.stop()
  process.exit(code)
}
