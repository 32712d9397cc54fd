import type { ErrorCode } from '@sv2/messages'

/** What is wrong with a job, in the words of both dialogues. */
export interface Problem {
  readonly code: ErrorCode<'DeclareMiningJob.Error'>
  /** The field of a CommitMiningJob that is to blame. */
  readonly field: CommitField
  readonly detail: string
}

/** Fields as `invalid-job-param-value-{field}` spells them. */
export type CommitField =
  | 'version'
  | 'coinbase_prefix'
  | 'coinbase_tx_value_remaining'
  | 'coinbase_tx_outputs'
  | 'min_extranonce_size'
  | 'tx_short_hash_list'
  | 'tx_hash_list_hash'

/** The job cannot be checked now, so nothing is said about it. */
export function internalError(detail: string): Problem {
  return { code: 'internal-error', field: 'tx_short_hash_list', detail }
}

/** The job builds on another block than the node. */
export function staleTip(detail: string): Problem {
  return { code: 'stale-chain-tip', field: 'coinbase_prefix', detail }
}

/** The transactions asked for were not provided. */
export function missingTransactions(detail: string): Problem {
  return { code: 'missing-txs', field: 'tx_short_hash_list', detail }
}

/** The coinbase does not follow a payout distribution that it may follow. */
export function badDistribution(code: 'stale-payout-distribution' | 'invalid-payout-distribution'): Problem {
  const detail =
    code === 'stale-payout-distribution'
      ? 'a newer payout distribution was told'
      : 'the outputs are not those of the payout distribution'
  return { code, field: 'coinbase_tx_outputs', detail }
}

/** The token is good for no job. */
export function badToken(detail: string): Problem {
  return { code: 'invalid-mining-job-token', field: 'tx_short_hash_list', detail }
}

/** The list of transactions is not that of a good block. */
export function badList(detail: string): Problem {
  return { code: 'invalid-job', field: 'tx_short_hash_list', detail }
}
