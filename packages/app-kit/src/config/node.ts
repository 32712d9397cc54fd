import { homedir } from 'node:os'
import { ipcRpc, type NodeRpc, type NodeRpcSettings, nodeRpc } from '@sv2/runtime'
import { z } from 'zod'

/** What one node is configured with: `[[nodes]]`. */
export interface NodeConfig {
  /** The node's socket, instead of the others. */
  readonly ipc?: string | undefined
  readonly url: string
  readonly cookie_file?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
}

const DEFAULT_URL = 'http://127.0.0.1:18443'

const rpcKeys = {
  url: z
    .url({ protocol: /^https?$/ })
    // The address stands in log lines.
    .refine((text) => !text.includes('@'), 'user and password have keys of their own')
    .default(DEFAULT_URL)
    .describe('JSON-RPC address of the node'),
  cookie_file: z.string().min(1).optional().describe("The node's .cookie file; or user and password"),
  user: z.string().min(1).optional().describe('rpcuser of the node'),
  password: z.string().min(1).optional().describe('rpcpassword of the node'),
}

const node = z.strictObject(rpcKeys).superRefine((config, context) => {
  for (const problem of loginProblems(config, 'is required, or user and password'))
    context.addIssue({ code: 'custom', ...problem })
})

const nodeWithSocket = z
  .strictObject({
    ipc: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The node's socket, of Bitcoin Core 32 or newer (bitcoin-node -ipcbind=unix), instead of its JSON-RPC",
      ),
    ...rpcKeys,
  })
  .superRefine((config, context) => {
    const problems =
      config.ipc === undefined
        ? loginProblems(config, 'is required, or user and password; or ipc instead of all')
        : RPC_KEYS.filter((key) => config[key] !== (key === 'url' ? DEFAULT_URL : undefined)).map((key) => ({
            path: [key],
            message: 'not together with ipc, which needs neither address nor login',
          }))
    for (const problem of problems) context.addIssue({ code: 'custom', ...problem })
  })

const RPC_KEYS = ['url', 'cookie_file', 'user', 'password'] as const

interface Problem {
  readonly path: string[]
  readonly message: string
}

function loginProblems({ cookie_file, user, password }: NodeConfig, missing: string): readonly Problem[] {
  const problems: Problem[] = []
  const pair = user !== undefined || password !== undefined
  if (cookie_file !== undefined && pair)
    problems.push({ path: ['user'], message: 'not together with cookie_file' })
  if (cookie_file === undefined && !pair) problems.push({ path: ['cookie_file'], message: missing })
  if (pair && (user === undefined || password === undefined))
    problems.push({
      path: [user === undefined ? 'user' : 'password'],
      message: 'user and password belong together',
    })
  return problems
}

/** The schema of a server's nodes, at least one. @param description of one of them */
export function nodesSchema(description: string): z.ZodType<NodeConfig[]> {
  return z.array(node).min(1).prefault([{}]).describe(description)
}

/** The same, where a node may be given by its socket too. */
export function nodesOrSocketsSchema(description: string): z.ZodType<NodeConfig[]> {
  return z.array(nodeWithSocket).min(1).prefault([{}]).describe(description)
}

/** The same for a part of a server that may be left out: none by default. */
export function optionalNodesSchema(description: string): z.ZodType<NodeConfig[]> {
  return z.array(node).default([]).describe(description)
}

/** The nodes of a configuration, to be called. */
export function nodeRpcs(nodes: readonly NodeConfig[]): NodeRpc[] {
  return nodes.map((config) =>
    config.ipc === undefined ? nodeRpc(rpcSettings(config)) : ipcRpc(socketPath(config.ipc)),
  )
}

/** How the RPC of a node is reached. */
export function rpcSettings({ url, cookie_file, user, password }: NodeConfig): NodeRpcSettings {
  return { url, cookieFile: cookie_file, user, password }
}

/** The path of a socket, of the home folder where it begins with `~/`. */
export function socketPath(ipc: string): string {
  return ipc.startsWith('~/') ? `${homedir()}${ipc.slice(1)}` : ipc
}
