import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'

const VECTORS = join(import.meta.dirname, '../../../../shared/vectors')

const hasVectors = existsSync(VECTORS)

/** A `describe` over the public vectors; without them it is skipped and its title says why. */
export function describeVectors(title: string, body: () => void): void {
  if (hasVectors) describe(title, body)
  else describe.skip(`${title} (skipped: ../shared/vectors is not beside the checkout)`, body)
}

export type BlockVector = {
  readonly id: string
  readonly height: number | null
  readonly hash: string
  readonly header: string
  readonly version: number
  readonly prev_hash: string
  readonly merkle_root: string
  readonly time: number
  readonly nbits: string
  readonly nonce: number
  readonly target: string
  readonly coinbase_tx?: string
  readonly coinbase_tx_stripped?: string
  readonly coinbase_txid?: string
  readonly coinbase_scriptsig?: string
  readonly coinbase_merkle_branch?: readonly string[]
  readonly witness_commitment?: string
  readonly witness_root?: string
  readonly witness_reserved_value?: string
}

type BlocksFile = {
  readonly blocks: readonly BlockVector[]
  readonly nbits_target: readonly {
    readonly id: string
    readonly nbits: string
    readonly target: string | null
    readonly negative: boolean
    readonly canonical_nbits?: string
  }[]
  readonly difficulty: readonly {
    readonly id: string
    readonly nbits?: string
    readonly difficulty?: number
    readonly tolerance?: number | null
    readonly sign_bit_set?: boolean
    readonly pool_difficulty?: number
    readonly target?: string
  }[]
}

type Split = {
  readonly id: string
  readonly prefix: string
  readonly suffix: string
  readonly full_extranonce_bytes: number
}

type JobsFile = {
  readonly jobs: readonly {
    readonly id: string
    readonly template: {
      readonly coinbase_tx_version: number
      readonly coinbase_prefix: string
      readonly coinbase_tx_input_sequence: number
      readonly coinbase_tx_outputs_count: number
      readonly coinbase_tx_outputs: string
      readonly coinbase_tx_locktime: number
    }
    readonly coinbase_reward_outputs: readonly {
      readonly value_sats: number
      readonly script_pubkey: string
    }[]
    readonly full_extranonce_bytes: number
    readonly scriptsig_tag_ascii?: string
    readonly expected_type: string
    readonly expected: { readonly coinbase_tx_prefix: string; readonly coinbase_tx_suffix: string }
  }[]
  readonly shares: readonly {
    readonly id: string
    readonly header?: string
    readonly hash?: string
    readonly prev_hash: string
    readonly merkle_root: string
    readonly merkle_path?: readonly string[]
    readonly coinbase_tx_prefix?: string
    readonly coinbase_tx_suffix?: string
    readonly extranonce_prefix: string
    readonly share: { readonly extranonce?: string }
    readonly channel_target?: string
    readonly meets_channel_target?: boolean
    readonly network_target: string
    readonly meets_network_target?: boolean
  }[]
  readonly bip141: readonly (Partial<Split> & {
    readonly id: string
    readonly coinbase_tx?: string
    readonly stripped_tx?: string
    readonly stripped_prefix?: string
    readonly stripped_suffix?: string
    readonly txid?: string
    readonly txid_with_zero_extranonce?: string
  })[]
  readonly merkle_roots: readonly {
    readonly id: string
    readonly coinbase_tx?: string
    readonly coinbase_tx_prefix?: string
    readonly extranonce?: string
    readonly coinbase_tx_suffix?: string
    readonly merkle_path: readonly string[]
    readonly merkle_root: string
  }[]
  readonly hashrate_targets: readonly {
    readonly id: string
    readonly hash_rate_hs: number
    readonly shares_per_minute: number
    readonly target: string
  }[]
}

function load<T>(name: string, empty: T): T {
  return hasVectors ? (JSON.parse(readFileSync(join(VECTORS, name), 'utf8')) as T) : empty
}

/** Real blocks, compact targets and difficulties. */
export const blocksFile: BlocksFile = load('blocks.json', { blocks: [], nbits_target: [], difficulty: [] })

/** Jobs, shares and coinbases of the current edition. */
export const jobsFile: JobsFile = load('sv2-jobs-current.json', {
  jobs: [],
  shares: [],
  bip141: [],
  merkle_roots: [],
  hashrate_targets: [],
})
