import { doorsSchema, logSchema, monitoringSchema, nodesOrSocketsSchema, serverKeys } from '@sv2/app-kit'
import { z } from 'zod'

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
  empty_template_first: z
    .boolean()
    .default(true)
    .describe(
      'At a new tip, a template without transactions goes out where the node takes over 50 ms for a whole one, which then follows',
    ),
  work_max_age_sec: z
    .number()
    .min(5)
    .max(86_400)
    .default(60)
    .describe('So long after the node gave work last, clients are sent away to other providers, seconds'),
  kept_templates_bytes: z
    .int()
    .min(16 * 1024 * 1024)
    .max(16 * 1024 * 1024 * 1024)
    .default(256 * 1024 * 1024)
    .describe(
      'Memory for templates of this tip and the last that clients may find a block on, bytes; the oldest end first',
    ),
  nodes: nodesOrSocketsSchema(
    'A node; templates come from the first that gives some, solved blocks go to all',
  ),
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
