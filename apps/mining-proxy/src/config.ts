import {
  answerKeys,
  apiSchema,
  difficultyKeys,
  doorsSchema,
  failoverKeys,
  logSchema,
  minersMonitoringSchema,
  noticesSchema,
  serverKeys,
  upstreamSchema,
} from '@sv2/app-kit'
import { z } from 'zod'

/** Where a pool listens when the configuration names no port. */
export const DEFAULT_POOL_PORT = 3_333

const upstream = upstreamSchema({
  description: 'A pool or proxy to work for',
  defaultPort: DEFAULT_POOL_PORT,
  keys: {
    identity: z
      .string()
      .min(1)
      .refine((text) => Buffer.byteLength(text) <= 255, 'must be at most 255 bytes of UTF-8')
      .optional()
      .describe(
        'Who we are there. Mode transparent: {identity} is all a miner says, {user} it up to the first dot, {worker} the rest; "{identity}" when missing. Mode aggregating: our account',
      ),
    share: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .describe(
        'Percentage of the declared hash rate; given for one, all together make 100, and 0 is for failover',
      ),
  },
})

const aggregating = z
  .strictObject({
    channel_bytes: z
      .int()
      .min(1)
      .max(4)
      .default(2)
      .describe('Bytes of extranonce that number the channels; n bytes make room for 256^n of them'),
    rollable_bytes: z
      .int()
      .min(2)
      .max(24)
      .default(16)
      .describe(
        'Bytes of extranonce left to a miner, where the upstream has so many; proxies below split them',
      ),
    min_rollable_bytes: z
      .int()
      .min(2)
      .max(24)
      .default(4)
      .describe('An upstream that leaves a miner less than this is not worked with'),
    only_paid_shares: z
      .boolean()
      .default(false)
      .describe(
        "true: miners get the upstream's target, and every share goes up; for a few miners of like speed",
      ),
    repeat_job_sec: z
      .number()
      .min(0)
      .max(3_600)
      .default(60)
      .describe('Without a new job for so long the present one is handed out again, seconds; 0: never'),
  })
  .prefault({})
  .describe('Mode aggregating: the search space, and what goes up')

const difficulty = z
  .strictObject(difficultyKeys({ sharesPerMinute: 6, minDifficulty: 0.0001, startDifficulty: 1_000 }))
  .prefault({})
  .describe('Mode aggregating: share difficulty of a miner; never harder than what the upstream pays for')

const { open_channel_within_sec: openChannelWithinSec, ...answers } = answerKeys()

const shares = z.strictObject(answers).prefault({}).describe('Mode aggregating: shares and their answers')

const limits = z
  .strictObject({
    max_channels: z.int().min(1).default(100_000).describe('Channels at one time'),
    max_channels_per_connection: z.int().min(1).default(10_000).describe('Channels of one connection'),
    max_waiting: z
      .int()
      .min(1)
      .default(65_536)
      .describe('Requests for channels that may wait for an upstream at one time'),
    max_waiting_per_connection: z.int().min(1).default(4_096).describe('The same for one connection'),
    max_jobs: z
      .int()
      .min(16)
      .default(16_384)
      .describe('Jobs of each upstream connection remembered, so that none is mixed up after a failover'),
    open_channel_within_sec: openChannelWithinSec,
  })
  .prefault({})
  .describe('What the proxy keeps of its clients, at most')

const { network: _, ...keys } = serverKeys({ dataDir: './data/mining-proxy', dataDirHolds: 'keys' })

/** Configuration of the mining proxy; `--print-default` prints it with comments. */
export const configSchema = z
  .strictObject({
    ...keys,
    mode: z
      .enum(['transparent', 'aggregating'])
      .default('transparent')
      .describe(
        'transparent: each channel of a miner is a channel of the upstream; aggregating: all miners share one channel, with difficulties of their own',
      ),
    when_upstreams_gone: z
      .enum(['stop', 'keep'])
      .default('stop')
      .describe('Without any upstream; stop: close the channels, keep: let miners stay on their last job'),
    ...failoverKeys(),
    extensions: z
      .array(z.literal(2))
      .default([])
      .describe(
        'Extensions to pass on where upstream and client have them, edition current only; [2]: worker names',
      ),
    upstreams: z
      .array(upstream)
      .min(1)
      .prefault([{}])
      .describe('An upstream; the first that is well is used, unless they have shares'),
    aggregating,
    difficulty,
    shares,
    limits,
    listen: doorsSchema({
      host: '0.0.0.0',
      port: 3_335,
      maxPayloadBytes: 256 * 1024,
      maxQueuedBytes: 16 * 1024 * 1024,
    }),
    monitoring: minersMonitoringSchema(9_093),
    api: apiSchema(),
    notices: noticesSchema(),
    log: logSchema,
  })
  .superRefine((config, context) => {
    if (config.mode === 'aggregating') {
      for (const [place, { identity }] of config.upstreams.entries()) {
        if (identity !== undefined && !/[{}]/.test(identity)) continue
        const message =
          'in mode aggregating this is our account there, without {identity}, {user} or {worker}'
        context.addIssue({ code: 'custom', path: ['upstreams', place, 'identity'], message })
      }
    }
    const { rollable_bytes: most, min_rollable_bytes: least } = config.aggregating
    if (least > most) {
      const message = `must not be more than rollable_bytes, ${most}`
      context.addIssue({ code: 'custom', path: ['aggregating', 'min_rollable_bytes'], message })
    }
    const shares = config.upstreams.flatMap(({ share }) => (share === undefined ? [] : [share]))
    const sum = shares.reduce((total, share) => total + share, 0)
    if (shares.length === 0 || Math.abs(sum - 100) < 1e-6) return
    const message = `the shares make ${sum} together, not 100`
    const first = config.upstreams.findIndex(({ share }) => share !== undefined)
    context.addIssue({ code: 'custom', path: ['upstreams', first, 'share'], message })
  })

export type MiningProxyConfig = z.output<typeof configSchema>
