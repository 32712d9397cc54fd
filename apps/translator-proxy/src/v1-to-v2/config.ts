import {
  answerKeys,
  failoverKeys,
  sv1DifficultyKeys,
  sv1Keys,
  sv1LimitKeys,
  upstreamSchema,
} from '@sv2/app-kit'
import type { Network } from '@sv2/bitcoin'
import { wantedPayout } from '@sv2/roles/work'
import { z } from 'zod'

/** Where a pool of Stratum V2 listens when the configuration names no port. */
export const DEFAULT_UPSTREAM_PORT = 3_333

const upstream = upstreamSchema({
  description: 'A pool or proxy of Stratum V2 to work for',
  defaultPort: DEFAULT_UPSTREAM_PORT,
  keys: {
    user_identity: z
      .string()
      .min(1)
      .refine((text) => Buffer.byteLength(text) <= 255, 'must be at most 255 bytes of UTF-8')
      .optional()
      .describe(
        'Who we are there. With aggregate_channels: our account. Without: {identity} is all of the user name of a miner, {user} it up to the first dot, {worker} the rest; "{identity}" when missing',
      ),
    share: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .describe('Percentage of the hash rate; given for one, all together make 100, and 0 is for failover'),
  },
})

const difficulty = z
  .strictObject({
    vardiff: z.boolean().default(true).describe('Let the difficulty follow the miner'),
    shares_per_minute: z
      .number()
      .min(0.1)
      .max(6_000)
      .default(6)
      .describe('Shares a minute to aim at, per miner'),
    ...sv1DifficultyKeys(),
  })
  .prefault({})
  .describe('Share difficulty: powers of two')

const limits = z
  .strictObject({
    max_channels: z.int().min(1).default(100_000).describe('Miners at one time'),
    max_channels_per_connection: z
      .int()
      .min(1)
      .default(10_000)
      .describe('Channels of one connection of Stratum V2'),
    ...sv1LimitKeys(),
  })
  .prefault({})
  .describe('What is kept of miners, at most')

/** Direction v1-to-v2: miners speak Stratum V1, pools Stratum V2. */
export const v1ToV2Section = z
  .strictObject({
    aggregate_channels: z
      .boolean()
      .default(true)
      .describe('One upstream channel for all miners; false: one for each of them'),
    upstreams: z
      .array(upstream)
      .default([])
      .describe('An upstream; the first that is well is used, unless they have shares'),
    when_upstreams_gone: z
      .enum(['stop', 'keep'])
      .default('stop')
      .describe('Without any upstream; stop: close the connections, keep: let miners stay'),
    ...failoverKeys(),
    extensions: z
      .array(z.literal(2))
      .default([2])
      .describe('Extensions to ask upstreams for, edition current only; [2]: worker names'),
    verify_payout: z
      .boolean()
      .default(false)
      .describe(
        'Work only for upstreams whose jobs pay the address in user_identity: address[.worker] or sri/solo/address[/worker] all of it, sri/donate/percentage/address[/worker] all but that; without aggregate_channels each miner needs one',
      ),
    ...sv1Keys(),
    extranonce1_bytes: z
      .int()
      .min(1)
      .max(4)
      .default(4)
      .describe('Bytes of extranonce that number the miners; n bytes make room for 256^n of them'),
    extranonce2_bytes: z
      .int()
      .min(4)
      .max(8)
      .default(8)
      .describe('Bytes of extranonce a miner rolls, where the upstream has so many, and 4 where it has not'),
    job_keepalive_interval_sec: z
      .number()
      .min(0)
      .max(3_600)
      .default(60)
      .describe('Without a new job for so long the present one is sent under a new id, seconds; 0: never'),
    difficulty,
    shares: z.strictObject(answerKeys()).prefault({}).describe('Shares and their answers'),
    limits,
  })
  .prefault({})
  .describe('Direction v1-to-v2')

export type V1ToV2Config = z.output<typeof v1ToV2Section>

/** Something wrong, and where. */
interface Problem {
  readonly key: (string | number)[]
  readonly message: string
}

/** What is wrong with the section as a whole. */
export function v1ToV2Problems(
  config: V1ToV2Config,
  { doors, network }: { readonly doors: number; readonly network: Network },
): Problem[] {
  const problems: Problem[] = []
  if (config.upstreams.length === 0)
    problems.push({ key: ['upstreams'], message: 'is required: a pool to mine at' })
  for (const [place, { user_identity }] of config.upstreams.entries()) {
    if (!config.aggregate_channels || (user_identity !== undefined && !/[{}]/.test(user_identity))) continue
    problems.push({
      key: ['upstreams', place, 'user_identity'],
      message: 'with aggregate_channels this is our account there, without {identity}, {user} or {worker}',
    })
  }
  for (const [place, { user_identity: identity = '{identity}' }] of config.upstreams.entries()) {
    // a template is up to the miner
    if (!config.verify_payout || /\{(identity|user|worker)\}/.test(identity)) continue
    if (wantedPayout(identity, network) !== undefined) continue
    problems.push({
      key: ['upstreams', place, 'user_identity'],
      message: `with verify_payout it must hold an address of ${network}: address[.worker], sri/solo/address[/worker] or sri/donate/percentage/address[/worker]`,
    })
  }
  const known = config.difficulty.door_start_difficulty.length
  if (known > doors)
    problems.push({
      key: ['difficulty', 'door_start_difficulty'],
      message: `has ${known} entries for ${doors} doors`,
    })
  const shares = config.upstreams.flatMap(({ share }) => (share === undefined ? [] : [share]))
  const sum = shares.reduce((total, share) => total + share, 0)
  if (shares.length > 0 && Math.abs(sum - 100) >= 1e-6) {
    const first = config.upstreams.findIndex(({ share }) => share !== undefined)
    problems.push({
      key: ['upstreams', first, 'share'],
      message: `the shares make ${sum} together, not 100`,
    })
  }
  return problems
}
