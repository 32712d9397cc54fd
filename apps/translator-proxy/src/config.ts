import {
  apiSchema,
  doorsSchema,
  logSchema,
  minersMonitoringSchema,
  noticesSchema,
  serverKeys,
} from '@sv2/app-kit'
import { z } from 'zod'
import { v1ToV2Problems, v1ToV2Section } from './v1-to-v2/config.ts'
import { v2ToV1Problems, v2ToV1Section } from './v2-to-v1/config.ts'

const { network, ...keys } = serverKeys({ dataDir: './data/translator-proxy', dataDirHolds: 'keys' })

/** Configuration of the translator; `--print-default` prints it with comments. */
export const configSchema = z
  .strictObject({
    // it is only asked whose addresses miners bring, and most bring those
    network: network
      .removeDefault()
      .default('mainnet')
      .describe('Direction v1-to-v2: Bitcoin network that addresses in user names belong to'),
    ...keys,
    direction: z
      .enum(['v1-to-v2', 'v2-to-v1'])
      .default('v1-to-v2')
      .describe(
        'v1-to-v2: miners speak Stratum V1 (or V2), pools V2; v2-to-v1: miners speak Stratum V2, pools V1',
      ),
    v1_to_v2: v1ToV2Section,
    v2_to_v1: v2ToV1Section,
    listen: doorsSchema({
      host: '0.0.0.0',
      port: 34_255,
      maxPayloadBytes: 256 * 1024,
      maxQueuedBytes: 16 * 1024 * 1024,
      protocol: 'both',
    }),
    monitoring: minersMonitoringSchema(9_092),
    api: apiSchema(),
    notices: noticesSchema(),
    log: logSchema,
  })
  .superRefine((config, context) => {
    const isV1 = config.direction === 'v1-to-v2'
    const section = isV1 ? 'v1_to_v2' : 'v2_to_v1'
    const problems = isV1
      ? v1ToV2Problems(config.v1_to_v2, { doors: config.listen.length, network: config.network })
      : v2ToV1Problems(config.v2_to_v1)
    for (const { key, message } of problems)
      context.addIssue({ code: 'custom', path: [section, ...key], message })
    for (const [place, { protocol }] of config.listen.entries()) {
      if (isV1 || protocol !== 'v1') continue
      const message = 'with direction = "v2-to-v1" miners speak Stratum V2'
      context.addIssue({ code: 'custom', path: ['listen', place, 'protocol'], message })
    }
  })

export type TranslatorProxyConfig = z.output<typeof configSchema>
