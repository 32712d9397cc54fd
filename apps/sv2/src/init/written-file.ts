import type { NodeConfig } from '@sv2/app-kit'
import type { Network } from '@sv2/bitcoin'
import { stringify } from 'smol-toml'
import type { Mode } from '../up-config.ts'

/** What `sv2 init` has found out. */
export interface Answers {
  readonly network: Network
  readonly mode: Mode
  readonly address: string | undefined
  readonly dataDir: string
  readonly node: NodeConfig
  /** Port of miners. */
  readonly port: number
  readonly negotiatorPort: number
  readonly dashboard: { readonly host: string; readonly port: number }
}

/** What a CPU can follow: on regtest nothing else mines. */
const CPU_DIFFICULTY = { min_difficulty: 1e-8, start_difficulty: 1e-6 }

/** The text of `sv2.toml`. */
export function writtenFile(answers: Answers): string {
  const { network, mode, address, dataDir, node, port, negotiatorPort, dashboard } = answers
  const parts: readonly (readonly [comment: string, toml: object])[] = [
    ['Written by `sv2 init`; `sv2 up` reads it. Every other key: sv2 up --print-default', { network }],
    [
      MODE_COMMENTS[mode] ?? 'Who is paid for a block: docs/payouts.md',
      { mode, ...(address && { address }) },
    ],
    ['Keys, books and solved blocks: keep this folder', { data_dir: dataDir }],
    ['The Bitcoin node', { nodes: [node] }],
    ['Where miners connect, of Stratum V1 and V2', { pool: { listen: [{ port }] } }],
    [
      'Where clients connect that choose transactions themselves',
      { pool: { job_negotiator: { listen: [{ port: negotiatorPort }] } } },
    ],
    ['The dashboard, /metrics and /api/v1', { pool: { monitoring: dashboard } }],
    ...(network === 'regtest'
      ? ([
          ['Difficulties for a CPU', { pool: { difficulty: CPU_DIFFICULTY } }],
          [
            'The same for miners of Stratum V1',
            { translator_proxy: { v1_to_v2: { difficulty: CPU_DIFFICULTY } } },
          ],
        ] as const)
      : []),
  ]
  return parts.map(([comment, toml]) => `# ${comment}\n${tomlOf(toml)}\n`).join('\n')
}

/** A table's own header alone: the tables above it follow from its name. */
function tomlOf(toml: object): string {
  return stringify(toml)
    .replace(/^\[[\w.]+\]\n+(?=\[)/gm, '')
    .trim()
}

const MODE_COMMENTS: Readonly<Partial<Record<Mode, string>>> = {
  solo: 'solo: a block pays the address in the user name of the miner that found it. `address` is yours',
  pool: 'pool: every block pays `address`',
  pplns: 'pplns: a block pays many miners by their work, and `address` the fee ([pool.payout] fee_ppm)',
}
