import { type NodeRpc, NodeRpcError, resultOf } from '../node-rpc.ts'
import { CoreNode } from './core-node.ts'
import { ipcProblem } from './ipc-problem.ts'
import { LinkError } from './rpc-link.ts'

const DEFAULT_TIMEOUT_MS = 30_000

/**
 * A node's JSON-RPC through its socket: no port, and no password. One connection for all calls, which the node answers one after
 * the other; it is made at the first call, and again after it has ended.
 */
export function ipcRpc(path: string): NodeRpc {
  let node: Promise<CoreNode> | undefined
  const connected = (): Promise<CoreNode> => {
    const forget = () => {
      node = undefined
    }
    node ??= CoreNode.connect(path, forget).catch((error: unknown) => {
      forget()
      throw error
    })
    return node
  }
  return {
    url: path,
    async call(method, parameters, timeoutMs = DEFAULT_TIMEOUT_MS) {
      const request = JSON.stringify({ jsonrpc: '1.0', id: 1, method, params: parameters })
      try {
        const text = await (await connected()).executeRpc(request, timeoutMs)
        return resultOf({ status: 200, reason: '', text }, { url: path, method })
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        throw new NodeRpcError(ipcProblem(path, error), { code: undefined, cause: error })
      }
    },
  }
}
