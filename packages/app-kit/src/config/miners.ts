import type { MinersSettings } from '@sv2/roles'
import { z } from 'zod'

/** The keys by which a node sets the share difficulty of its miners. */
export function difficultyKeys(defaults: {
  readonly sharesPerMinute: number
  readonly minDifficulty: number
  readonly startDifficulty: number
}) {
  return {
    vardiff: z.boolean().default(true).describe('Let the difficulty follow the device'),
    shares_per_minute: z
      .number()
      .min(0.1)
      .max(6_000)
      .default(defaults.sharesPerMinute)
      .describe('Shares a minute to aim at, per channel'),
    min_difficulty: z
      .number()
      .gt(0)
      .default(defaults.minDifficulty)
      .describe('No channel gets an easier target than this'),
    start_difficulty: z
      .number()
      .gt(0)
      .default(defaults.startDifficulty)
      .describe('For a channel that declares no hash rate'),
    steps_per_doubling: z
      .int()
      .min(1)
      .max(16)
      .default(4)
      .describe('Steps of difficulty per doubling; 1 for powers of two'),
  }
}

type DifficultyConfig = z.output<z.ZodObject<ReturnType<typeof difficultyKeys>>>

/** What the miners of a node are told of it. */
export function difficultySettings(
  config: DifficultyConfig,
): Pick<
  MinersSettings,
  'vardiff' | 'sharesPerMinute' | 'minDifficulty' | 'startDifficulty' | 'difficultySteps'
> {
  return {
    vardiff: config.vardiff,
    sharesPerMinute: config.shares_per_minute,
    minDifficulty: config.min_difficulty,
    startDifficulty: config.start_difficulty,
    difficultySteps: config.steps_per_doubling,
  }
}

/** The keys by which a node that has templates sets what becomes of its work in time. */
export function workKeys() {
  return {
    job_refresh_sec: z
      .number()
      .min(1)
      .max(3_600)
      .default(60)
      .describe('Every device gets a new job at least this often, seconds'),
    work_max_age_sec: z
      .number()
      .min(10)
      .max(86_400)
      .default(120)
      .describe(
        'The template provider is away: its last work is mined for so long, then miners are sent elsewhere, seconds',
      ),
  }
}

/** The keys by which a node sets how it answers shares. */
export function answerKeys() {
  return {
    share_batch_size: z
      .int()
      .min(1)
      .max(10_000)
      .default(10)
      .describe('Accepted shares acknowledged at once, at most'),
    share_batch_sec: z
      .number()
      .min(0)
      .max(60)
      .default(1)
      .describe('An accepted share waits this long for its acknowledgement, at most, seconds'),
    open_channel_within_sec: z
      .number()
      .min(1)
      .default(60)
      .describe('A connection without a channel is closed after this time, seconds'),
    max_refusals_per_second: z
      .number()
      .min(1)
      .max(100_000)
      .default(100)
      .describe(
        'Refused shares and requests of one network address in a second, and one more for every two of its channels; not for those on allow_list',
      ),
    only_refusals_sec: z
      .number()
      .min(1)
      .default(180)
      .describe('A connection that sends nothing but refused shares is closed after this time, seconds'),
  }
}

type AnswerConfig = z.output<z.ZodObject<ReturnType<typeof answerKeys>>>

/** What the miners of a node are told of it. */
export function answerSettings(
  config: AnswerConfig,
): Pick<
  MinersSettings,
  'shareBatchSize' | 'shareBatchMs' | 'openChannelWithinMs' | 'onlyRefusalsMs' | 'maxRefusalsPerSecond'
> {
  return {
    shareBatchSize: config.share_batch_size,
    shareBatchMs: config.share_batch_sec * 1000,
    openChannelWithinMs: config.open_channel_within_sec * 1000,
    onlyRefusalsMs: config.only_refusals_sec * 1000,
    maxRefusalsPerSecond: config.max_refusals_per_second,
  }
}
