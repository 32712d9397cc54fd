import { Command, InvalidArgumentError } from 'commander'

/** What `npm run topology` can be asked for. */
export interface Options {
  readonly side: 'all' | 'pool'
  readonly dist: boolean
  readonly edition: 'current' | 'draft'
  readonly difficulty: number
  readonly hashrate: number
  readonly transactions: number
  readonly dataDir: string | undefined
  /** End with 0 when the pool has so many blocks in the chain; undefined: go on. */
  readonly blocks: number | undefined
  readonly timeout: number
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug'
  readonly json: boolean
}

/** Reads the command line. */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('npm run topology --')
    .description(
      'The topology of docker-compose.yml without Docker: every app a process, on embedded regtest nodes',
    )
    .option('--side <name>', 'all, or pool with devices on it', oneOf('all', 'pool'), 'all')
    .option('--dist', 'start what `npm run build` made, with plain Node; otherwise the sources', false)
    .option('--edition <name>', 'wire edition of every link', oneOf('current', 'draft'), 'current')
    .option('--difficulty <d>', 'network difficulty', positive, 1e-5)
    .option('--hashrate <h/s>', 'hash rate of each device, at most', positive, 10_000)
    .option('--transactions <per second>', 'transactions that fill the mempool', positive, 1)
    .option('--data-dir <folder>', 'folder for configurations, keys and blocks, which stays')
    .option('--blocks <n>', 'exit 0 when so many blocks of ours are in the chain', positive)
    .option('--timeout <seconds>', 'with --blocks: give up after so long', positive, 180)
    .option('--log-level <level>', 'what is printed', oneOf('error', 'warn', 'info', 'debug'), 'info')
    .option('--json', 'log lines as JSON, with the name of the process in each', false)
  command.parse(argv, { from: 'user' })
  const read = command.opts<Options>()
  return { ...read, blocks: read.blocks, dataDir: read.dataDir }
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('a number above 0')
  return value
}

function oneOf(...allowed: readonly string[]): (text: string) => string {
  return (text) => {
    if (!allowed.includes(text)) throw new InvalidArgumentError(allowed.join(', '))
    return text
  }
}
