import { readFileSync } from 'node:fs'
import type { Network } from '@sv2/bitcoin'
import { DEFAULT_HELD_BYTES } from '@sv2/runtime'
import { z } from 'zod'

/** Bytes of the unit of memory in configurations. */
export const MIB = 1024 * 1024

const NETWORKS = ['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'] as const satisfies readonly Network[]

/** The schema of the path of a file that has to be there. */
export function readableFile() {
  return z
    .string()
    .min(1)
    .superRefine((file, context) => {
      try {
        readFileSync(file)
      } catch (error) {
        context.addIssue({ code: 'custom', message: `cannot be read: ${(error as Error).message}` })
      }
    })
    .optional()
}

/** The keys that the configuration of every server begins with: network, folder, and the authority key. */
export function serverKeys(defaults: { readonly dataDir: string; readonly dataDirHolds: string }) {
  return {
    network: z.enum(NETWORKS).default('regtest').describe('Bitcoin network'),
    data_dir: z.string().min(1).default(defaults.dataDir).describe(`Folder for ${defaults.dataDirHolds}`),
    authority_secret_key_file: readableFile().describe(
      'File with the authority secret, base58check; made in data_dir when missing',
    ),
    draft_authority_secret_key_file: readableFile().describe('The same for doors of the draft edition'),
    max_held_mib: z
      .int()
      .min(1)
      .max(65_536)
      .default(DEFAULT_HELD_BYTES / MIB)
      .describe(
        'Memory for what waits for peers that read slowly, and for messages that are not whole yet, of all connections of the process, MiB; the connection that has most is closed first',
      ),
    cert_validity_sec: z
      .int()
      .min(60)
      .max(315_360_000)
      .default(86_400)
      .describe('Validity of a certificate, seconds'),
  }
}
