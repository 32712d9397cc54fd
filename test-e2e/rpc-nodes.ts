import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectNodes, startRegtestNode } from '@sv2/regtest-node'
import { freePort } from '@sv2/topology'

/** A node that tests know by its RPC alone. */
export interface RpcNode {
  readonly url: string
  readonly cookie_file: string
}

/** Two nodes that are peers. */
export interface RpcNodes {
  readonly node: RpcNode
  readonly farmNode: RpcNode
  /** Where the nodes are known by their sockets too. */
  readonly sockets?: { readonly node: string; readonly farmNode: string }
  stop(): Promise<void>
}

/** Blocks that the first node begins with; so many are behind its first coin. */
const FIRST_BLOCKS = 101
const NOBODY = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'

/** Why Bitcoin Core is not run; undefined where it is. @param variable of the environment, with the path of the program */
export function whyNoBitcoind(variable: 'BITCOIND' | 'BITCOIN_NODE' = 'BITCOIND'): string | undefined {
  const binary = process.env[variable]
  const program = variable === 'BITCOIND' ? 'bitcoind' : 'bitcoin-node'
  if (binary === undefined || binary === '') return `set ${variable}=/path/to/${program}`
  return existsSync(binary) ? undefined : `${variable}=${binary} does not exist`
}

/** Two embedded nodes, on which the same is tested as on Bitcoin Core. */
export async function embeddedNodes(folder: string, difficulty: number): Promise<RpcNodes> {
  const start = (name: string) =>
    startRegtestNode({ difficulty, longPollDelayMs: 0, cookieFile: join(folder, name) })
  const [node, farmNode] = [await start('a.cookie'), await start('b.cookie')]
  connectNodes(node, farmNode)
  const access = ({ url, cookieFile }: typeof node) => ({ url, cookie_file: cookieFile ?? '' })
  return {
    node: access(node),
    farmNode: access(farmNode),
    stop: async () => void (await Promise.all([node.stop(), farmNode.stop()])),
  }
}

/** Two processes of Bitcoin Core on a regtest of their own. */
export function bitcoindNodes(folder: string): Promise<RpcNodes> {
  return coreNodes(process.env.BITCOIND ?? '', folder, () => [])
}

/** The same with sockets (`bitcoin-node -ipcbind=unix`). */
export async function bitcoinNodeNodes(folder: string): Promise<RpcNodes> {
  const socket = (name: string) => join(folder, `${name}.sock`)
  const nodes = await coreNodes(process.env.BITCOIN_NODE ?? '', folder, (name) => [
    `-ipcbind=unix:${socket(name)}`,
  ])
  return { ...nodes, sockets: { node: socket('a'), farmNode: socket('b') } }
}

async function coreNodes(
  binary: string,
  folder: string,
  options: (name: string) => readonly string[],
): Promise<RpcNodes> {
  const [port, rpcPort, farmRpcPort] = [await freePort(0), await freePort(0), await freePort(0)]
  const node = startBitcoind(binary, join(folder, 'a'), [
    `-rpcport=${rpcPort}`,
    `-bind=127.0.0.1:${port}`,
    ...options('a'),
  ])
  const farm = startBitcoind(binary, join(folder, 'b'), [
    `-rpcport=${farmRpcPort}`,
    '-listen=0',
    `-connect=127.0.0.1:${port}`,
    ...options('b'),
  ])
  const access = (name: string, at: number): RpcNode => ({
    url: `http://127.0.0.1:${at}`,
    cookie_file: join(folder, name, 'regtest/.cookie'),
  })
  const nodes = { node: access('a', rpcPort), farmNode: access('b', farmRpcPort) }
  await answering(node, nodes.node)
  await answering(farm, nodes.farmNode)
  await rpc(nodes.node, 'generatetoaddress', FIRST_BLOCKS, NOBODY)
  return {
    ...nodes,
    async stop() {
      await Promise.all([ended(node), ended(farm)])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Calls a method of a node. @throws {Error} with what the node says against it. */
// The result's shape is what each test asserts.
// biome-ignore lint/suspicious/noExplicitAny: see above
export async function rpc(node: RpcNode, method: string, ...params: readonly unknown[]): Promise<any> {
  const login = Buffer.from(readFileSync(node.cookie_file, 'utf8')).toString('base64')
  const response = await fetch(node.url, {
    method: 'POST',
    headers: { authorization: `Basic ${login}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id: 1, method, params }),
  })
  const text = await response.text()
  // what the HTTP server says itself is no JSON: 503 "Work queue depth exceeded", 401 nothing at all
  if (!text.startsWith('{')) throw new Error(`${method}: HTTP ${response.status} ${text}`)
  const { result, error } = JSON.parse(text) as { result: unknown; error: { message: string } | null }
  if (error !== null) throw new Error(`${method}: ${error.message}`)
  return result
}

function startBitcoind(binary: string, dataDir: string, options: readonly string[]): ChildProcess {
  mkdirSync(dataDir)
  const common = ['-regtest', `-datadir=${dataDir}`, '-server', '-disablewallet', '-printtoconsole=0']
  return spawn(binary, [...common, ...options], { stdio: 'ignore' })
}

async function answering(child: ChildProcess, node: RpcNode): Promise<void> {
  let last: unknown
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt++) {
    try {
      return void (await rpc(node, 'getblockcount'))
    } catch (error) {
      last = error
      await pause(100)
    }
  }
  throw new Error('bitcoind did not start', { cause: last })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
