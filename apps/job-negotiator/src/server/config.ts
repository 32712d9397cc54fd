import {
  doorsSchema,
  furtherOutputsKey,
  logSchema,
  monitoringSchema,
  negotiationKeys,
  payoutProblem,
  serverKeys,
  upstreamSchema,
} from '@sv2/app-kit'
import { z } from 'zod'

const payout = z
  .strictObject({
    mode: z
      .enum(['pool', 'solo', 'shared'])
      .default('pool')
      .describe(
        'pool: every job pays address; solo: it pays the address in the user identifier; shared: it pays miners as the pool in [pool] tells (payout.mode pplns and the like there)',
      ),
    address: z
      .string()
      .min(1)
      .optional()
      .describe('Address that is paid in mode pool; in mode shared that of the pool'),
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
    pool: upstreamSchema({
      description: 'Mode shared: the pool, whose payout distributions are heard at its door for miners',
      defaultPort: 3_333,
      // the draft has no extensions
      only: 'current',
    }).optional(),
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
    const { mode } = config.payout
    const problem = payoutProblem(
      { ...config.payout, mode: mode === 'solo' ? 'solo' : 'pool' },
      config.network,
    )
    if (problem !== undefined) {
      const message = problem.replace('in mode pool', `in mode ${mode}`)
      context.addIssue({ code: 'custom', path: ['payout', 'address'], message })
    }
    if (mode === 'shared' && config.pool === undefined)
      context.addIssue({ code: 'custom', path: ['pool'], message: 'is required in mode shared' })
    if (mode !== 'shared' && config.pool !== undefined)
      context.addIssue({ code: 'custom', path: ['pool'], message: `is not used in mode ${mode}` })
  })

export type JobNegotiatorServerConfig = z.output<typeof configSchema>
