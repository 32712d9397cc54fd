import { Command, InvalidArgumentError } from 'commander'

/** What `npm start` can be asked for. */
export interface StackOptions {
  /** End with 0 when so many blocks of ours are in the chain; undefined: go on. */
  readonly blocks: number | undefined
  /** With `blocks`: give up after so many seconds. */
  readonly timeout: number
  readonly edition: 'current' | 'draft'
  /**
   * What runs: the pool's side with devices on the pool; a farm's proxies between them too; or, as `full`, a farm that
   * makes its jobs of its own node's templates.
   */
  readonly stack: 'pool' | 'farm' | 'full'
  readonly devices: number
  /** H/s of one device, at most. */
  readonly hashrate: number
  /** Difficulty of the network. */
  readonly difficulty: number
  /** Transactions a second that fill the mempool. */
  readonly transactions: number
  /** Logs as JSON, no live summary. */
  readonly json: boolean
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug'
}

/** Reads the command line. */
export function readOptions(argv: readonly string[]): StackOptions {
  const command = new Command('npm start --')
    .description(
      'The whole stack on this machine: embedded regtest nodes, template providers, pool, job negotiator, mining proxy, translators both ways, mining devices',
    )
    .option('--blocks <n>', 'exit 0 when so many blocks of ours are in the chain', positiveInteger)
    .option('--timeout <seconds>', 'with --blocks: give up after so long', positive, 120)
    .option(
      '--edition <name>',
      'wire edition of all links but pool to job server: current or draft',
      edition,
      'current',
    )
    .option(
      '--stack <name>',
      'what runs: pool; farm, with the proxies too; full, with job negotiation and a node of the farm',
      stack,
      'full',
    )
    .option('--devices <n>', 'mining devices', positiveInteger, 3)
    .option('--hashrate <h/s>', 'hash rate of each device, at most', positive, 50_000)
    .option('--difficulty <d>', 'network difficulty', positive, 0.0001)
    .option('--transactions <per second>', 'transactions that fill the mempool', notNegative, 2)
    .option('--json', 'logs as JSON, no live summary', false)
    .option('--log-level <level>', 'error, warn, info or debug; info with --json')
  command.parse(argv, { from: 'user' })
  const read = command.opts<Omit<StackOptions, 'logLevel'> & { logLevel?: StackOptions['logLevel'] }>()
  return { ...read, blocks: read.blocks, logLevel: read.logLevel ?? (read.json ? 'info' : 'warn') }
}

function positiveInteger(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1')
  return value
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('a number above 0')
  return value
}

function notNegative(text: string): number {
  const value = Number(text)
  if (!(value >= 0) || !Number.isFinite(value)) throw new InvalidArgumentError('a number from 0')
  return value
}

function edition(text: string): 'current' | 'draft' {
  if (text !== 'current' && text !== 'draft') throw new InvalidArgumentError('current or draft')
  return text
}

function stack(text: string): StackOptions['stack'] {
  if (text !== 'pool' && text !== 'farm' && text !== 'full')
    throw new InvalidArgumentError('pool, farm or full')
  return text
}
