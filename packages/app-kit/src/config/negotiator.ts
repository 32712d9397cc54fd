import { unhex } from '@sv2/bitcoin'
import { MAX_TOKEN_SCRIPTS } from '@sv2/roles/custom-jobs'
import type { NegotiatorServerSettings } from '@sv2/roles/negotiator'
import { z } from 'zod'
import { type NodeConfig, nodesSchema } from './node.ts'
import { readableFile } from './server.ts'

/** What a job negotiator server is configured with, besides its doors and who is paid. */
export interface NegotiationConfig {
  readonly token_key_file?: string | undefined
  readonly token_valid_sec: number
  readonly negotiation: {
    readonly full_template_required: boolean
    readonly async_mining: boolean
    readonly tokens_per_minute: number
    readonly tokens_per_minute_in_all: number
    readonly jobs_per_minute: number
    readonly pending_jobs: number
    readonly pending_jobs_in_all: number
    readonly provide_within_sec: number
    readonly kept_jobs: number
  }
  readonly transactions: {
    readonly cache_mib: number
    readonly max_transactions: number
    readonly interval_sec: number
  }
  readonly nodes: readonly NodeConfig[]
}

/** The longest script of an address: 40 bytes of witness program (BIP 141). */
const LONGEST_ADDRESS_SCRIPT = 42

const negotiation = z
  .strictObject({
    full_template_required: z
      .boolean()
      .default(false)
      .describe('true: clients that do not reveal the transactions of their jobs are refused'),
    async_mining: z
      .boolean()
      .default(false)
      .describe(
        'Where clients commit to jobs: tokens may be used before that; the pool has to trust such jobs (custom_work.unchecked_trust_difficulty)',
      ),
    tokens_per_minute: z.int().min(1).max(6_000).default(60).describe('Tokens of one connection in a minute'),
    tokens_per_minute_in_all: z
      .int()
      .min(1)
      .max(600_000)
      .default(6_000)
      .describe('Tokens of all connections in a minute'),
    jobs_per_minute: z
      .int()
      .min(1)
      .max(6_000)
      .default(30)
      .describe('Jobs that one connection may propose in a minute'),
    pending_jobs: z
      .int()
      .min(1)
      .max(64)
      .default(8)
      .describe('Jobs of one connection that wait for a verdict'),
    pending_jobs_in_all: z
      .int()
      .min(1)
      .max(4_096)
      .default(128)
      .describe('Jobs of all connections that wait for a verdict'),
    provide_within_sec: z
      .number()
      .min(1)
      .max(30)
      .default(8)
      .describe('Time for a client to send the transactions that are missing, seconds'),
    kept_jobs: z.int().min(1).max(4_096).default(256).describe('Accepted jobs kept for their solutions'),
  })
  .prefault({})
  .describe('What clients may ask for')

const transactions = z
  .strictObject({
    cache_mib: z.int().min(1).max(4_096).default(256).describe('Memory for transactions of the node, MiB'),
    max_transactions: z.int().min(1).max(1_000_000).default(65_536).describe('Number of them, at most'),
    interval_sec: z
      .number()
      .min(0.1)
      .max(60)
      .default(5)
      .describe('How often the node is asked for new ones, seconds'),
  })
  .prefault({})
  .describe('Transactions that clients do not have to send')

/**
 * The keys of a job negotiator server that say how it negotiates.
 * @param nodes the schema of its nodes
 */
export function negotiationKeys(nodes: (description: string) => z.ZodType<NodeConfig[]> = nodesSchema) {
  return {
    token_key_file: readableFile().describe(
      'File with the key of the tokens, which the pool has too; made in data_dir when missing',
    ),
    token_valid_sec: z.int().min(60).max(86_400).default(3_600).describe('How long a token is good, seconds'),
    negotiation,
    transactions,
    nodes: nodes('A node; the first one knows the transactions, solved blocks go to all'),
  }
}

/** The key of outputs of no value that every job has to have besides the payout. */
export function furtherOutputsKey() {
  return z
    .array(
      z
        .string()
        .min(2)
        .regex(/^(?:[0-9a-f]{2})+$/i, 'must be a script in hex'),
    )
    .default([])
    .superRefine((scripts, context) => {
      const size = scripts.reduce((sum, script) => sum + 1 + script.length / 2, 1 + LONGEST_ADDRESS_SCRIPT)
      if (size <= MAX_TOKEN_SCRIPTS) return
      const message = `the scripts are ${size - MAX_TOKEN_SCRIPTS} bytes too long for a token`
      context.addIssue({ code: 'custom', message })
    })
    .describe('Scripts, hex, of outputs without value that every job has to have besides the payout')
}

/** What the role is told of its configuration. */
export function negotiatorSettings(
  config: NegotiationConfig,
  paid: { readonly payout: NegotiatorServerSettings['payout']; readonly furtherOutputs: readonly string[] },
): NegotiatorServerSettings {
  const { negotiation: limits } = config
  return {
    payout: paid.payout,
    furtherOutputs: paid.furtherOutputs.map(unhex),
    fullTemplateRequired: limits.full_template_required,
    asyncMining: limits.async_mining,
    tokenValidSeconds: config.token_valid_sec,
    limits: {
      tokensPerMinute: limits.tokens_per_minute,
      tokensPerMinuteInAll: limits.tokens_per_minute_in_all,
      waitingTokens: 16,
      proposalsPerMinute: limits.jobs_per_minute,
      pendingPerClient: limits.pending_jobs,
      pendingInAll: limits.pending_jobs_in_all,
      pendingBytes: 64 * 1024 * 1024,
      atNode: 4,
      provideWithinMs: limits.provide_within_sec * 1000,
      keptJobs: limits.kept_jobs,
      failedSolutionsPerMinute: 30,
    },
    cache: {
      bytes: config.transactions.cache_mib * 1024 * 1024,
      transactions: config.transactions.max_transactions,
    },
  }
}
