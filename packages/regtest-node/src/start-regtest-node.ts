import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { systemTime } from './node-clock.ts'
import { NodeCore } from './node-core.ts'
import { chainParams, type RegtestNodeOptions } from './options.ts'
import { RegtestNode } from './regtest-node.ts'
import { RpcServer } from './rpc/rpc-server.ts'

/** Payments that wait when a node with traffic starts, so that its first template is not empty. */
const FIRST_PAYMENTS = 10

/**
 * Starts an embedded node with its initial chain mined and its RPC server listening.
 *
 * @throws {RangeError} when an option is out of range, and what `listen` throws when the port is taken.
 */
export async function startRegtestNode(options: RegtestNodeOptions = {}): Promise<RegtestNode> {
  const params = chainParams(options)
  const core = new NodeCore(params, {
    clock: options.clock ?? systemTime,
    walletSeed: options.walletSeed ?? 'regtest',
  })
  await core.mineInitialChain(params.easyBlocks)
  const cookie = `__cookie__:${randomBytes(32).toString('hex')}`
  const login = loginOf(options)
  const host = options.host ?? '127.0.0.1'
  const server = new RpcServer(
    {
      host,
      port: options.port ?? 0,
      credentials: login === undefined ? [cookie] : [cookie, login],
      longPollDelayMs: options.longPollDelayMs ?? 5000,
    },
    core,
  )
  const port = await server.listen()
  if (options.cookieFile !== undefined) await writeFile(options.cookieFile, cookie, { mode: 0o600 })
  const node = new RegtestNode(core, { host, port, cookie, cookieFile: options.cookieFile, server })
  const rate = options.mempoolRate ?? 0
  if (rate > 0) node.sendPayments(FIRST_PAYMENTS)
  node.setMempoolRate(rate)
  return node
}

function loginOf({ rpcUser, rpcPassword }: RegtestNodeOptions): string | undefined {
  if ((rpcUser === undefined) !== (rpcPassword === undefined)) {
    throw new RangeError('regtest node options rpcUser and rpcPassword go together')
  }
  return rpcUser === undefined ? undefined : `${rpcUser}:${rpcPassword}`
}
