import {
  answerKeys,
  apiSchema,
  difficultyKeys,
  doorsSchema,
  journalSchema,
  logSchema,
  minersMonitoringSchema,
  noticesSchema,
  optionalNodesSchema,
  serverKeys,
  upstreamSchema,
  workKeys,
} from '@sv2/app-kit'
import { DEFAULT_PAYOUT_CLASS, PAYOUT_CLASSES } from '@sv2/roles/payouts'
import { storeProblem } from '@sv2/store'
import { z } from 'zod'
import { embeddedNegotiatorProblem, embeddedNegotiatorSchema } from './embedded-negotiator.ts'
import { isShared, payoutProblems, payoutSchema, soloDoorProblem } from './payout-config.ts'

/** Bytes of server_id and of what tells the runs of a pool apart, in front of every extranonce. */
const RUN_BYTES = 4

const extranonce = z
  .strictObject({
    server_id: z
      .int()
      .min(0)
      .max(65_535)
      .default(0)
      .describe(
        'Tells the nodes of one pool apart; give each its own, so that their search spaces do not overlap',
      ),
    prefix_bytes: z
      .int()
      .min(1)
      .max(4)
      .default(4)
      .describe('Bytes that number the channels; n bytes make room for 256^n of them'),
    rollable_bytes: z
      .int()
      .min(2)
      .max(24)
      .default(8)
      .describe('Extranonce of an extended channel that asks for no more, bytes'),
    full_bytes: z
      .int()
      .min(16)
      .max(32)
      .default(32)
      .describe(
        'Whole extranonce of every channel, prefix included, bytes; the same on all nodes of one pool, so that no two channels ever have the same coinbase',
      ),
    max_channels: z.int().min(1).default(1_000_000).describe('Channels of this node'),
    max_channels_per_address: z
      .int()
      .min(1)
      .default(10_000)
      .describe('Channels of one network address; not for those on allow_list'),
    max_channels_per_connection: z.int().min(1).default(100_000).describe('Channels of one connection'),
    max_accounts_per_connection: z
      .int()
      .min(1)
      .max(100_000)
      .default(10_000)
      .describe('Accounts that one connection opens channels for, those that it closed among them'),
  })
  .prefault({})
  .describe('The search space and how it is split')

const difficulty = z
  .strictObject(difficultyKeys({ sharesPerMinute: 6, minDifficulty: 0.0001, startDifficulty: 1_000 }))
  .prefault({})
  .describe('Share difficulty')

const jobs = z
  .strictObject({
    version_rolling: z.boolean().default(true).describe('false: no device may roll version bits'),
    extended_channels_only: z.boolean().default(false).describe('true: no standard channels'),
    ...workKeys(),
    ...answerKeys(),
  })
  .prefault({})
  .describe('Jobs and shares')

const extensions = z
  .strictObject({
    supported: z
      .array(z.int().min(1).max(0x3fff))
      .default([2])
      .describe('Extensions agreed to; 2: worker names'),
    required: z.array(z.int().min(1).max(0x3fff)).default([]).describe('Extensions a client must ask for'),
  })
  .prefault({})
  .describe('Protocol extensions')

const ledgerSchema = z
  .strictObject({
    store: z
      .string()
      .default('memory')
      .describe(
        'Tables of the ledger, made from the journal: memory, pglite:FOLDER, or postgres://user@host/database',
      ),
    store_password_file: z
      .string()
      .min(1)
      .optional()
      .describe("File with the password of the database's user"),
    nodes: optionalNodesSchema(
      'A node that says what became of our blocks; the first that answers is believed. Without one, blocks stay pending',
    ),
  })
  .prefault({ nodes: [] })
  .superRefine(({ store }, context) => {
    const problem = storeProblem(store)
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['store'], message: problem })
  })
  .describe('The books: what blocks paid, and who is owed what')

/** Where a negotiator server listens when the configuration names no port. */
export const DEFAULT_NEGOTIATOR_PORT = 3_334

const negotiator = upstreamSchema({
  description: 'A negotiator server that is told of blocks; repeat the section for more than one',
  defaultPort: DEFAULT_NEGOTIATOR_PORT,
  // the draft has no message for a block
  only: 'current',
})

const customWork = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'true: miners may bring their own jobs, with tokens of our negotiator servers; job_negotiator.enabled implies it',
      ),
    token_key_file: z
      .string()
      .min(1)
      .optional()
      .describe(
        'File with the key that pool and negotiator servers share, 64 hexadecimal digits; token.key in data_dir, made when missing',
      ),
    max_used_tokens: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(100_000)
      .describe('Tokens in use at one time; further ones have to wait'),
    unchecked_trust_difficulty: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'Shares that are credited on jobs whose transactions were not checked (coinbase-only, or before the server agreed), as difficulty and over all accounts; a block on such a job that becomes part of the chain frees the part of its account. 0: such jobs are refused',
      ),
    negotiators: z.array(negotiator).max(16).default([]),
  })
  .prefault({})
  .describe('Jobs that miners bring')

/** Worker processes there can be. */
const MAX_WORKERS = 64

/** Configuration of the pool; `--print-default` prints it with comments. */
export const configSchema = z
  .strictObject({
    ...serverKeys({
      dataDir: './data/pool',
      dataDirHolds: 'keys, the number of the last run, and used tokens',
    }),
    coinbase_tag: z
      .string()
      .max(32)
      .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII')
      .default('/sv2/')
      .describe('Text in the coinbase of our blocks'),
    workers: z
      .union([z.int().min(1).max(MAX_WORKERS), z.literal('auto')])
      .default(1)
      .describe(
        `Processes that miners are spread over, 1 to ${MAX_WORKERS}, or "auto": one for each core. Limits of the node are split among them; those of an address hold in each`,
      ),
    drain_to_host: z
      .string()
      .refine((text) => Buffer.byteLength(text) <= 255, 'must be at most 255 bytes of UTF-8')
      .default('')
      .describe('Where miners are sent when this pool stops; empty: back here'),
    drain_to_port: z.int().min(0).max(65_535).default(0).describe('Port for drain_to_host; 0: the same port'),
    payout: payoutSchema,
    ledger: ledgerSchema,
    extranonce,
    difficulty,
    jobs,
    extensions,
    custom_work: customWork,
    template_provider: upstreamSchema({ description: 'The template provider', defaultPort: 8_336 }),
    backup_template_providers: z
      .array(upstreamSchema({ description: 'A template provider', defaultPort: 8_336 }))
      .max(8)
      .default([])
      .describe(
        'More template providers, on nodes of their own: work comes from the first one that is at the highest block; the same template of two is one job, and a block on it goes to both',
      ),
    listen: doorsSchema({
      host: '0.0.0.0',
      port: 3_333,
      maxPayloadBytes: 256 * 1024,
      maxQueuedBytes: 16 * 1024 * 1024,
      protocol: 'v2',
      coinbaseBytes: { min: PAYOUT_CLASSES[0]!, max: PAYOUT_CLASSES.at(-1)!, default: DEFAULT_PAYOUT_CLASS },
    }),
    job_negotiator: embeddedNegotiatorSchema(),
    journal: journalSchema(),
    monitoring: minersMonitoringSchema(9_090),
    api: apiSchema(),
    notices: noticesSchema(),
    log: logSchema,
  })
  .superRefine((config, context) => {
    for (const { key, message } of payoutProblems(config.payout, config.network))
      context.addIssue({ code: 'custom', path: ['payout', key], message })
    if (isShared(config.payout) && !config.journal.enabled) {
      const message = `has to be on in mode ${config.payout.mode}: miners are paid by what stands in it`
      context.addIssue({ code: 'custom', path: ['journal', 'enabled'], message })
    }
    if (config.payout.mode === 'pool' && config.journal.keep_days !== undefined) {
      const message = 'needs books, which mode pool does not keep: all of its journal is kept'
      context.addIssue({ code: 'custom', path: ['journal', 'keep_days'], message })
    }
    for (const [place, door] of config.listen.entries()) {
      if (door.payout_mode === undefined || isShared(config.payout)) continue
      const path = ['listen', place, 'payout_mode']
      context.addIssue({ code: 'custom', path, message: soloDoorProblem(config.payout) })
    }
    const unusable = embeddedNegotiatorProblem(config.job_negotiator)
    if (unusable !== undefined) {
      context.addIssue({ code: 'custom', path: ['job_negotiator', 'nodes'], message: unusable })
    }
    const { prefix_bytes: lease, rollable_bytes: rolled, full_bytes: full } = config.extranonce
    if (RUN_BYTES + lease + rolled > full) {
      const message = `${full} have no room for ${RUN_BYTES} of server_id and epoch, ${lease} of prefix_bytes and ${rolled} of rollable_bytes: at least ${RUN_BYTES + lease + rolled}`
      context.addIssue({ code: 'custom', path: ['extranonce', 'full_bytes'], message })
    }
    const missing = config.extensions.required.filter((id) => !config.extensions.supported.includes(id))
    if (missing.length > 0) {
      const message = `${missing.join(', ')} must be in extensions.supported too`
      context.addIssue({ code: 'custom', path: ['extensions', 'required'], message })
    }
  })

export type PoolConfig = z.output<typeof configSchema>
