import type { Network } from '@sv2/bitcoin'
import type { PaidAddress, Sv1FrontSettings } from '@sv2/roles/sv1-front'
import { z } from 'zod'

/** Bits that may be rolled at all (BIP 323). */
const ANY_ROLLING = 0x1fff_ffe0

/** The keys by which a node sets the difficulty of Stratum V1 miners. */
export function sv1DifficultyKeys() {
  return {
    min_difficulty: z
      .number()
      .gt(0)
      .optional()
      .describe('No miner gets less than this; when missing, 1, and less for devices known to need it'),
    start_difficulty: z
      .number()
      .gt(0)
      .default(64)
      .describe(
        'Difficulty of a miner that told no hash rate: 5 s at 50 GH/s, and soon raised for faster miners',
      ),
    door_start_difficulty: z
      .array(z.number().gt(0))
      .default([])
      .describe('Start difficulty of each door, in the order of [[listen]]; for ports meant for fast miners'),
  }
}

/** The keys that limit what Stratum V1 miners may ask for. */
export function sv1LimitKeys() {
  return {
    max_workers_per_connection: z
      .int()
      .min(1)
      .default(1_024)
      .describe('Workers that one V1 connection names'),
    max_shares_per_second: z
      .number()
      .min(1)
      .default(500)
      .describe(
        'V1 shares a second, over ten seconds; of a connection that sends more they are refused for ten seconds after its difficulty was raised, else it is closed',
      ),
    max_requests_per_second: z
      .number()
      .min(1)
      .default(50)
      .describe('V1 lines that are no shares a second, over ten seconds; the same'),
    resume_sec: z
      .number()
      .min(0)
      .max(86_400)
      .default(600)
      .describe('A miner that comes back within this time gets the extranonce it had, seconds'),
    max_resumable: z.int().min(1).default(20_000).describe('Closed sessions remembered for that'),
    probe_sec: z
      .number()
      .min(0)
      .max(10)
      .default(0.3)
      .describe(
        'Where it costs an upstream channel, a miner gets one after this time: some devices connect only to look, seconds',
      ),
  }
}

/** The keys by which a node sets what it makes of Stratum V1 miners. */
export function sv1Keys() {
  return {
    identity_is_address: z
      .enum(['auto', 'always', 'never'])
      .default('auto')
      .describe(
        'Whether user names begin with an address; auto: an address of another network is refused, and one that blocks found here do not pay; always: a name without an address is refused too; never: names mean nothing',
      ),
    worker_separators: z
      .string()
      .min(1)
      .max(8)
      .default('.')
      .describe('Characters that end the account in a user name'),
    version_rolling_mask: z
      .string()
      .regex(/^[0-9a-f]{8}$/, 'must be eight digits of hex in lower case')
      .refine(
        (text) => (Number.parseInt(text, 16) & ~ANY_ROLLING) === 0,
        'must be bits of 1fffffe0 (BIP 323)',
      )
      .default('1fffe000')
      .describe('Version bits granted at most; 1fffe000 is BIP 320, 1fffffe0 BIP 323'),
  }
}

type Sv1Config = z.output<z.ZodObject<ReturnType<typeof sv1Keys>>> & {
  readonly difficulty: z.output<z.ZodObject<ReturnType<typeof sv1DifficultyKeys>>>
  readonly limits: z.output<z.ZodObject<ReturnType<typeof sv1LimitKeys>>>
}

/** What the V1 side of a node is told of its configuration. */
export function sv1FrontSettings(
  config: Sv1Config,
  node: {
    readonly network: Network
    readonly doors: number
    /** Addresses that all miners share; undefined where each has its own. */
    readonly paid: readonly PaidAddress[] | undefined
  },
): Sv1FrontSettings {
  const { difficulty, limits } = config
  return {
    doorDifficulty: Array.from({ length: node.doors }, (_, door) => difficulty.door_start_difficulty[door]),
    startDifficulty: difficulty.start_difficulty,
    minDifficulty: difficulty.min_difficulty,
    versionRollingMask: Number.parseInt(config.version_rolling_mask, 16),
    payoutCheck: { identityIsAddress: config.identity_is_address, network: node.network, paid: node.paid },
    separators: config.worker_separators,
    probeMs: limits.probe_sec * 1000,
    resumeMs: limits.resume_sec * 1000,
    maxResumable: limits.max_resumable,
    limits: {
      maxWorkers: limits.max_workers_per_connection,
      maxSharesPerSecond: limits.max_shares_per_second,
      maxRequestsPerSecond: limits.max_requests_per_second,
    },
  }
}
