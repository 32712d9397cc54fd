import { doorsSchema, logSchema, monitoringSchema, serverKeys } from '@sv2/runtime'
import { z } from 'zod'
import { v2ToV1Problems, v2ToV1Section } from './v2-to-v1/config.ts'

const { network: _, ...keys } = serverKeys({ dataDir: './data/translator-proxy', dataDirHolds: 'keys' })

/** Configuration of the translator; `--print-default` prints it with comments. */
export const configSchema = z
  .strictObject({
    ...keys,
    direction: z
      .enum(['v2-to-v1'])
      .default('v2-to-v1')
      .describe('v2-to-v1: miners speak Stratum V2, pools speak Stratum V1'),
    v2_to_v1: v2ToV1Section,
    listen: doorsSchema({
      host: '0.0.0.0',
      port: 34_255,
      maxPayloadBytes: 256 * 1024,
      maxQueuedBytes: 16 * 1024 * 1024,
    }),
    monitoring: monitoringSchema(9_092),
    log: logSchema,
  })
  .superRefine((config, context) => {
    for (const { key, message } of v2ToV1Problems(config.v2_to_v1))
      context.addIssue({ code: 'custom', path: ['v2_to_v1', ...key], message })
  })

export type TranslatorProxyConfig = z.output<typeof configSchema>
