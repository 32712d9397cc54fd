import { doorsSchema, logSchema, monitoringSchema, serverKeys } from '@sv2/runtime'
import { z } from 'zod'

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

/** Configuration of the template provider; `--print-default` prints it with comments. */
export const configSchema = z.strictObject({
  ...serverKeys({ dataDir: './data/template-provider', dataDirHolds: 'keys and solved blocks' }),
  template_interval_sec: z
    .number()
    .min(0.1)
    .max(3600)
    .default(5)
    .describe('How often the node is asked for fees, and the least time between fee updates, seconds'),
  fee_threshold_sat: z
    .int()
    .min(0)
    .default(1_000)
    .describe('Rise of the fees that is worth a new template on the same tip, satoshi'),
  nodes: z
    .array(node)
    .min(1)
    .prefault([{}])
    .describe('A node; templates come from the first, solved blocks go to all'),
  listen: doorsSchema({
    host: '127.0.0.1',
    port: 18_336,
    maxPayloadBytes: 1024 * 1024,
    maxQueuedBytes: 64 * 1024 * 1024,
  }),
  monitoring: monitoringSchema(9094),
  log: logSchema,
})

export type TemplateProviderConfig = z.output<typeof configSchema>
