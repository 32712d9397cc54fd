import { resolve } from 'node:path'
import type { Network } from '@sv2/bitcoin'
import { Command, InvalidArgumentError } from 'commander'
import type { NodeAccess } from './parts.ts'

/** What `npm run topology` can be asked for. */
export interface Options {
  readonly side: 'all' | 'pool'
  readonly dist: boolean
  readonly edition: 'current' | 'draft'
  readonly difficulty: number
  readonly hashrate: number
  readonly transactions: number
  /** Nodes to work on instead of the embedded ones; undefined: those. The farm's is the pool's where it is missing. */
  readonly node: NodeAccess | undefined
  readonly farmNode: NodeAccess | undefined
  readonly network: Network
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
      'The topology of docker-compose.yml without Docker: every app a process, on embedded regtest nodes or real ones',
    )
    .option('--side <name>', 'all, or pool with devices on it', oneOf('all', 'pool'), 'all')
    .option('--dist', 'start what `npm run build` made, with plain Node; otherwise the sources', false)
    .option(
      '--edition <name>',
      'wire edition of all links but pool to job server',
      oneOf('current', 'draft'),
      'current',
    )
    .option('--difficulty <d>', 'network difficulty', positive, 1e-5)
    .option('--hashrate <h/s>', 'hash rate of each device, at most', positive, 10_000)
    .option('--transactions <per second>', 'transactions that fill the mempool', positive, 1)
    .option(
      '--node <url>',
      'RPC address of a real node, with user:password@ or --cookie; instead of embedded ones',
      address,
    )
    .option('--farm-node <url>', "the same for the farm's node; default that of --node", address)
    .option('--cookie <file>', 'cookie file of nodes whose address has no user and password')
    .option(
      '--network <name>',
      'network of these nodes',
      oneOf('regtest', 'signet', 'testnet4', 'testnet'),
      'regtest',
    )
    .option('--data-dir <folder>', 'folder for configurations, keys and blocks, which stays')
    .option('--blocks <n>', 'exit 0 when so many blocks of ours are in the chain', positive)
    .option('--timeout <seconds>', 'with --blocks: give up after so long', positive, 180)
    .option('--log-level <level>', 'what is printed', oneOf('error', 'warn', 'info', 'debug'), 'info')
    .option('--json', 'log lines as JSON, with the name of the process in each', false)
  command.parse(argv, { from: 'user' })
  const read = command.opts<
    Omit<Options, 'node' | 'farmNode'> & Record<'node' | 'farmNode', URL | undefined> & { cookie?: string }
  >()
  const access = (url: URL | undefined): NodeAccess | undefined => accessTo(url, read.cookie)
  const node = access(read.node)
  if (node === undefined && (read.node ?? read.farmNode) !== undefined)
    command.error('--node needs user:password@ in its address, or --cookie')
  return {
    ...read,
    node,
    farmNode: access(read.farmNode) ?? node,
    blocks: read.blocks,
    dataDir: read.dataDir,
  }
}

function accessTo(url: URL | undefined, cookie: string | undefined): NodeAccess | undefined {
  if (url === undefined) return undefined
  const { origin, username, password } = url
  if (username !== '')
    return { url: origin, user: decodeURIComponent(username), password: decodeURIComponent(password) }
  return cookie === undefined ? undefined : { url: origin, cookie_file: resolve(cookie) }
}

function address(text: string): URL {
  if (!URL.canParse(text) || !/^https?:/.test(text))
    throw new InvalidArgumentError('http://user:password@host:port')
  return new URL(text)
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
