import { type NodeRpc, nodeRpc } from '@sv2/runtime'
import { z } from 'zod'

/** What one node is configured with: `[[nodes]]`. */
export interface NodeConfig {
  readonly url: string
  readonly cookie_file?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
}

const node = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      // The address stands in log lines.
      .refine((text) => !text.includes('@'), 'user and password have keys of their own')
      .default('http://127.0.0.1:18443')
      .describe('JSON-RPC address of the node'),
    cookie_file: z.string().min(1).optional().describe("The node's .cookie file; or user and password"),
    user: z.string().min(1).optional().describe('rpcuser of the node'),
    password: z.string().min(1).optional().describe('rpcpassword of the node'),
  })
  .superRefine((config, context) => {
    const pair = config.user !== undefined || config.password !== undefined
    if (config.cookie_file !== undefined && pair) {
      context.addIssue({ code: 'custom', path: ['user'], message: 'not together with cookie_file' })
    }
    if (config.cookie_file === undefined && !pair) {
      context.addIssue({
        code: 'custom',
        path: ['cookie_file'],
        message: 'is required, or user and password',
      })
    }
    if (pair && (config.user === undefined || config.password === undefined)) {
      const missing = config.user === undefined ? 'user' : 'password'
      context.addIssue({ code: 'custom', path: [missing], message: 'user and password belong together' })
    }
  })

/** The schema of a server's nodes, at least one. @param description of one of them */
export function nodesSchema(description: string): z.ZodType<NodeConfig[]> {
  return z.array(node).min(1).prefault([{}]).describe(description)
}

/** The same for a part of a server that may be left out: none by default. */
export function optionalNodesSchema(description: string): z.ZodType<NodeConfig[]> {
  return z.array(node).default([]).describe(description)
}

/** The nodes of a configuration, to be called. */
export function nodeRpcs(nodes: readonly NodeConfig[]): NodeRpc[] {
  return nodes.map(({ url, cookie_file, user, password }) =>
    nodeRpc({ url, cookieFile: cookie_file, user, password }),
  )
}
