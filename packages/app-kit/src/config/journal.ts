import { join } from 'node:path'
import { z } from 'zod'

/** `[journal]`: where acknowledged shares are kept. */
export function journalSchema() {
  return z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('false: shares are acknowledged at once, and nobody knows of them after a restart'),
      dir: z.string().min(1).optional().describe('Folder of the journal; journal in data_dir when missing'),
      flush_ms: z
        .int()
        .min(1)
        .max(1000)
        .default(20)
        .describe('A share is flushed to disk after this time, ms; it is acknowledged then'),
      max_bytes: z
        .int()
        .min(4096)
        .max(16 * 1024 * 1024)
        .default(256 * 1024)
        .describe('So many bytes are flushed at once, however short they waited'),
      segment_mib: z
        .int()
        .min(1)
        .max(4096)
        .default(64)
        .describe('A file of the journal is closed at this size, MiB'),
      segment_sec: z
        .int()
        .min(1)
        .max(86_400)
        .default(600)
        .describe('A file of the journal is closed at this age, seconds'),
      keep_days: z
        .int()
        .min(1)
        .max(36_500)
        .optional()
        .describe(
          'Files of the journal that are older, and that neither the books nor the window need, are removed, days; all are kept when missing',
        ),
      max_waiting_shares: z
        .int()
        .min(1)
        .max(10_000_000)
        .default(200_000)
        .describe('Shares that may wait for the disk at one time; further ones are refused (not-recorded)'),
    })
    .prefault({})
    .describe('The journal: a share is on disk before it is acknowledged')
}

/** Settings of the journal, as the operator wrote them. */
export type JournalConfig = z.output<ReturnType<typeof journalSchema>>

/** Where the journal stands. */
export function journalFolder(config: JournalConfig, dataDir: string): string {
  return config.dir ?? join(dataDir, 'journal')
}
