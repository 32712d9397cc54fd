import {
  doorsSchema,
  furtherOutputsKey,
  logSchema,
  monitoringSchema,
  negotiationKeys,
  payoutProblem,
  serverKeys,
} from '@sv2/app-kit'
import { z } from 'zod'

const payout = z
  .strictObject({
    mode: z
      .enum(['pool', 'solo'])
      .default('pool')
      .describe('pool: every job pays address; solo: it pays the address in the user identifier'),
    address: z.string().min(1).optional().describe('Address that is paid in mode pool'),
    further_outputs: furtherOutputsKey(),
  })
  .prefault({})
  .describe('Who is paid for a block; the same as the pool says')

/** Configuration of the job negotiator server; `--print-default` prints it with comments. */
export const configSchema = z
  .strictObject({
    ...serverKeys({ dataDir: './data/job-negotiator-server', dataDirHolds: 'keys and solved blocks' }),
    ...negotiationKeys(),
    payout,
    listen: doorsSchema({
      host: '0.0.0.0',
      port: 3_334,
      maxPayloadBytes: 5 * 1024 * 1024,
      maxQueuedBytes: 16 * 1024 * 1024,
    }),
    monitoring: monitoringSchema(9_091),
    log: logSchema,
  })
  .superRefine((config, context) => {
    const problem = payoutProblem(config.payout, config.network)
    if (problem !== undefined)
      context.addIssue({ code: 'custom', path: ['payout', 'address'], message: problem })
  })

export type JobNegotiatorServerConfig = z.output<typeof configSchema>
