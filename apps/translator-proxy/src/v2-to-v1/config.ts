import { answerKeys, difficultyKeys, v1PoolUrl } from '@sv2/app-kit'
import { z } from 'zod'

const pool = z
  .strictObject({
    url: v1PoolUrl.describe('stratum+tcp://host:port, or stratum+ssl://host:port for TLS'),
    user_identity: z
      .string()
      .min(1)
      .max(255)
      .describe(
        'Who we are there; with aggregate_channels = false {identity} is all a miner says, {user} it up to the first dot, {worker} the rest',
      ),
    password: z.string().max(255).default('x').describe('Most pools ignore it'),
    password_file: z
      .string()
      .min(1)
      .optional()
      .describe('File with the password, for pools that do not ignore it; instead of password'),
    version_rolling: z
      .boolean()
      .default(true)
      .describe('false: do not ask for version rolling, for pools that break on mining.configure'),
    extranonce_subscribe: z
      .boolean()
      .default(true)
      .describe('false: do not send mining.extranonce.subscribe, for pools that hang up at it'),
    verify_certificate: z
      .boolean()
      .default(true)
      .describe('With stratum+ssl; false accepts any certificate, such as one that the pool made itself'),
    max_line_bytes: z
      .int()
      .min(1_024)
      .max(1_048_576)
      .default(65_536)
      .describe('Longest line taken from the pool, bytes'),
  })
  .describe('A Stratum V1 pool; the first that answers is used')

/** The part of the configuration for direction = "v2-to-v1". */
export const v2ToV1Section = z
  .strictObject({
    aggregate_channels: z
      .boolean()
      .default(true)
      .describe('true: one pool connection for all channels; false: one for each'),
    max_pool_connections: z
      .int()
      .min(1)
      .default(1_000)
      .describe('With aggregate_channels = false: pool connections at one time'),
    return_after_sec: z
      .number()
      .min(0)
      .max(86_400)
      .default(30)
      .describe('A pool that had failed is preferred again when it has given work for this long, seconds'),
    follow_reconnects: z
      .enum(['never', 'same-domain', 'anywhere'])
      .default('same-domain')
      .describe('Where a pool may send us by client.reconnect'),
    lease_bytes: z
      .int()
      .min(1)
      .max(4)
      .default(2)
      .describe("Bytes of the pool's extranonce2 that number the channels; the rest is left to devices"),
    max_channels: z.int().min(1).default(100_000).describe('Channels at one time'),
    max_channels_per_connection: z.int().min(1).default(10_000).describe('Channels of one connection'),
    extended_channels_only: z.boolean().default(false).describe('true: no standard channels'),
    difficulty: z
      .strictObject(difficultyKeys({ sharesPerMinute: 6, minDifficulty: 0.0001, startDifficulty: 1_000 }))
      .prefault({})
      .describe("Share difficulty; never above the pool's"),
    answers: z.strictObject(answerKeys()).prefault({}).describe('Answers to shares'),
    extensions: z
      .array(z.literal(2))
      .default([2])
      .describe('Extensions agreed to, edition current only; 2: worker names'),
    pools: z.array(pool).default([]).describe('The pools, best first'),
  })
  .prefault({})
  .describe('Stratum V2 miners, Stratum V1 pools')

export type V2ToV1Config = z.output<typeof v2ToV1Section>

/** What contradicts itself in it. */
export function v2ToV1Problems(config: V2ToV1Config): { key: (string | number)[]; message: string }[] {
  if (config.pools.length === 0) return [{ key: ['pools'], message: 'is required: a pool to mine at' }]
  if (!config.aggregate_channels) return []
  return config.pools.flatMap(({ user_identity }, place) =>
    /\{(identity|user|worker)\}/.test(user_identity)
      ? [
          {
            key: ['pools', place, 'user_identity'],
            message: 'one connection for all channels has one user; names need aggregate_channels = false',
          },
        ]
      : [],
  )
}
