import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { readTargets, type Target } from '../notices/targets.ts'
import type { WatchSettings } from '../notices/watch.ts'
import { MIB, readableFile } from './server.ts'

const MINUTE_MS = 60_000

/** The part of a configuration that says what people are told of, and where. */
export function noticesSchema() {
  return z
    .strictObject({
      targets_file: readableFile()
        .superRefine((file, context) => {
          try {
            if (file !== undefined) readTargets(readFileSync(file, 'utf8'))
          } catch (error) {
            // one that cannot be read was told of before
            if (error instanceof RangeError) context.addIssue({ code: 'custom', message: error.message })
          }
        })
        .describe(
          'File with a URL in each line, where notices go: https://… (webhook), ntfy+https://server/topic, telegram://token@chat, smtps://user:password@server?from=…&to=…; none are sent without it',
        ),
      worker_silent_min: z
        .int()
        .min(1)
        .max(10_080)
        .default(10)
        .describe('A worker that sends no share for so long is silent, minutes'),
      hashrate_fell_percent: z
        .int()
        .min(1)
        .max(100)
        .default(50)
        .describe('Told when the hash rate of ten minutes is so far below that of a day, percent'),
      refused_percent: z
        .int()
        .min(1)
        .max(100)
        .default(10)
        .describe('Told when so many of the shares of ten minutes are refused, percent'),
      disk_low_mib: z
        .int()
        .min(1)
        .max(1_048_576)
        .default(1_024)
        .describe('Told when so little room is left on the disk of data_dir, MiB'),
    })
    .prefault({})
    .describe('Notices to people')
}

export type NoticesConfig = z.output<ReturnType<typeof noticesSchema>>

/** What the sender of notices is told of it. */
export function noticesSettings(
  config: NoticesConfig,
): WatchSettings & { readonly targets: readonly Target[] } {
  const { targets_file: file } = config
  return {
    targets: file === undefined ? [] : readTargets(readFileSync(file, 'utf8')),
    workerSilentMs: config.worker_silent_min * MINUTE_MS,
    hashrateFellPercent: config.hashrate_fell_percent,
    refusedPercent: config.refused_percent,
    diskLowBytes: config.disk_low_mib * MIB,
  }
}
