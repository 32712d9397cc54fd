import {
  addressProblem,
  answerKeys,
  apiSchema,
  difficultyKeys,
  doorsSchema,
  logSchema,
  minersMonitoringSchema,
  noticesSchema,
  serverKeys,
  sv1DifficultyKeys,
  sv1Keys,
  sv1LimitKeys,
  upstreamSchema,
  upstreamSettings,
  workKeys,
} from '@sv2/app-kit'
import { PAYOUT_DISTRIBUTION } from '@sv2/roles/payouts'
import { z } from 'zod'

/** Where pools, negotiator servers and template providers listen when the configuration names no port. */
export const DEFAULT_PORTS = { pool: 3_333, server: 3_334, templates: 8_336 } as const

const seconds = (most: number, standard: number, what: string) =>
  z.number().min(0).max(most).default(standard).describe(`${what}, seconds`)

const upstream = z
  .strictObject({
    user_identity: z
      .string()
      .min(1)
      .refine((text) => Buffer.byteLength(text) <= 255, 'must be at most 255 bytes of UTF-8')
      .describe('Who we are at the pool: account.worker'),
    async_mining: z
      .boolean()
      .default(false)
      .describe('Edition draft: insist on tokens that may be used before a job is agreed to'),
    pool: upstreamSchema({ description: 'The pool', defaultPort: DEFAULT_PORTS.pool }),
    negotiator: upstreamSchema({
      description: 'The negotiator server of this pool',
      defaultPort: DEFAULT_PORTS.server,
    }),
  })
  .describe('A pool and its negotiator server; the first pair that is well is worked for')

const output = z
  .strictObject({
    address: z.string().min(1).describe('Address that is paid'),
    value_sat: z
      .int()
      .min(0)
      .max(2_100_000_000_000_000)
      .default(0)
      .describe("What it gets of every block's reward, off the pool's part, satoshi"),
  })
  .describe('An output of our own in the coinbase of every job')

const fallback = z
  .strictObject({
    token_within_sec: seconds(600, 10, 'A pool is left when no token came for so long'),
    proposal_within_sec: seconds(600, 30, 'A pool is left when a proposal was not answered for so long'),
    custom_job_within_sec: seconds(
      600,
      15,
      'A pool is left when SetCustomMiningJob was not answered for so long',
    ),
    race_sec: seconds(600, 30, 'As long, a pool and our node may see different chain tips'),
    solo_after_sec: seconds(
      600,
      5,
      'At the start, before miners work for ourselves because no pool is there',
    ),
    return_after_sec: seconds(
      86_400,
      30,
      'A pool that had failed is worked for again when it has been well for so long',
    ),
    refused_shares: z
      .int()
      .min(1)
      .max(10_000)
      .default(5)
      .describe('A pool is left when it refused so many valid shares in a row of jobs it had acknowledged'),
  })
  .prefault({})
  .describe('When another pool is worked for: the next in order, and with none of them well ourselves')

const extranonce = z
  .strictObject({
    channel_bytes: z
      .int()
      .min(1)
      .max(4)
      .default(2)
      .describe('Bytes that number the channels of miners; n bytes make room for 256^n of them'),
    rollable_bytes: z
      .int()
      .min(4)
      .max(20)
      .default(14)
      .describe('Extranonce that a miner or proxy rolls, bytes; 8 at most with V1 miners in this process'),
    max_channels: z.int().min(1).default(100_000).describe('Channels of this node'),
    max_channels_per_connection: z.int().min(1).default(10_000).describe('Channels of one connection'),
  })
  .prefault({})
  .describe('The search space and how it is split')

const jobs = z
  .strictObject({
    ...workKeys(),
    ...answerKeys(),
  })
  .prefault({})
  .describe('Jobs and shares')

const translator = z
  .strictObject({
    enabled: z.boolean().default(false).describe('true: miners of Stratum V1 are taken too, by these doors'),
    ...sv1Keys(),
    difficulty: z.strictObject(sv1DifficultyKeys()).prefault({}).describe('Difficulty of V1 miners'),
    limits: z.strictObject(sv1LimitKeys()).prefault({}).describe('What is kept of V1 miners, at most'),
    listen: doorsSchema({
      host: '0.0.0.0',
      port: 34_255,
      maxPayloadBytes: 256 * 1024,
      maxQueuedBytes: 16 * 1024 * 1024,
      protocol: 'v1',
    }),
  })
  .prefault({ listen: [{}] })
  .describe('A translator inside this process, so that a farm needs no other program')

/** Configuration of the negotiator client; `--print-default` prints it with comments. */
export const configSchema = z
  .strictObject({
    ...serverKeys({ dataDir: './data/job-negotiator-client', dataDirHolds: 'keys' }),
    mode: z
      .enum(['full-template', 'coinbase-only', 'solo'])
      .default('full-template')
      .describe(
        'full-template: the pool is shown our transactions; coinbase-only: only the coinbase; solo: no pool is asked',
      ),
    coinbase_tag: z
      .string()
      .max(32)
      .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII')
      .default('/sv2/')
      .describe('Text in the coinbase of our jobs, where the pool leaves room for it'),
    payout: z
      .strictObject({ address: z.string().min(1).describe('Address that is paid when no pool is') })
      .describe('Who is paid for a block of our own'),
    coinbase_outputs: z.array(output).max(8).default([]).describe('Further outputs'),
    template_provider: upstreamSchema({
      description: 'The template provider in front of our node',
      defaultPort: DEFAULT_PORTS.templates,
    }),
    upstreams: z.array(upstream).max(64).default([]).describe('Pools to work for, best first'),
    extensions: z
      .array(z.literal([2, PAYOUT_DISTRIBUTION]))
      .default([2])
      .describe(
        'Extensions, edition current only; 2: worker names, of pools and miners; 3: payouts to many miners, of pools and their negotiator servers, a draft',
      ),
    fallback,
    extranonce,
    difficulty: z
      .strictObject(difficultyKeys({ sharesPerMinute: 6, minDifficulty: 0.0001, startDifficulty: 1_000 }))
      .prefault({})
      .describe('Share difficulty; powers of two when V1 miners are taken'),
    jobs,
    translator,
    listen: doorsSchema({
      host: '0.0.0.0',
      port: 34_265,
      maxPayloadBytes: 256 * 1024,
      maxQueuedBytes: 16 * 1024 * 1024,
    }),
    monitoring: minersMonitoringSchema(9_091),
    api: apiSchema(),
    notices: noticesSchema(),
    log: logSchema,
  })
  .superRefine((config, context) => {
    const problem = (path: (string | number)[], message: string | undefined): void => {
      if (message !== undefined) context.addIssue({ code: 'custom', path, message })
    }
    problem(['payout', 'address'], addressProblem(config.payout.address, config.network))
    for (const [place, { address }] of config.coinbase_outputs.entries())
      problem(['coinbase_outputs', place, 'address'], addressProblem(address, config.network))
    if (config.mode === 'solo') {
      if (config.upstreams.length > 0) problem(['upstreams'], 'with mode = "solo" there are none')
    } else if (config.upstreams.length === 0)
      problem(['upstreams'], 'is required: a pool and its negotiator server, or mode = "solo"')
    if (config.mode === 'coinbase-only')
      for (const [place, { negotiator }] of config.upstreams.entries())
        if (upstreamSettings(negotiator, NEGOTIATION).edition !== 'current')
          problem(['upstreams', place], 'edition draft has no mode coinbase-only; use full-template')
    const { door_start_difficulty: doors } = config.translator.difficulty
    if (doors.length > config.translator.listen.length)
      problem(
        ['translator', 'difficulty', 'door_start_difficulty'],
        `has ${doors.length} entries for ${config.translator.listen.length} doors`,
      )
  })

/** How negotiator servers are dialed. */
export const NEGOTIATION = { protocol: 'negotiation', defaultPort: DEFAULT_PORTS.server } as const

export type JobNegotiatorClientConfig = z.output<typeof configSchema>
