/** The codes the draft lists, per message. editions.md §5. */
export const DRAFT_ERROR_CODES = {
  'SetupConnection.Error': ['unsupported-feature-flags', 'unsupported-protocol', 'protocol-version-mismatch'],
  'OpenMiningChannel.Error': ['unknown-user', 'max-target-out-of-range'],
  'UpdateChannel.Error': ['max-target-out-of-range', 'invalid-channel-id'],
  'SubmitShares.Error': ['invalid-channel-id', 'stale-share', 'difficulty-too-low'],
  'SetCustomMiningJob.Error': ['invalid-channel-id', 'invalid-mining-job-token'],
  'RequestTransactionData.Error': ['template-id-not-found'],
} as const

/** A message whose codes the draft lists. */
export type ListedMessage = keyof typeof DRAFT_ERROR_CODES

/** Codes `invalid-job-param-value-{field name}` of SetCustomMiningJob.Error and CommitMiningJob.Error. */
export const PARAMETER_CODE = 'invalid-job-param-value-'

interface Translation {
  /** Codes of other lists and what the draft says instead. */
  readonly known: Readonly<Record<string, string>>
  /** What the draft says for everything else; without it, other codes go out as they are. */
  readonly rest?: string
}

const TRANSLATIONS: Readonly<Record<ListedMessage, Translation>> = {
  'SetupConnection.Error': {
    known: { 'missing-declare-tx-data-flag': 'unsupported-feature-flags' },
  },
  'OpenMiningChannel.Error': {
    known: { 'invalid-user-identity': 'unknown-user' },
    rest: 'max-target-out-of-range',
  },
  'UpdateChannel.Error': { known: {}, rest: 'max-target-out-of-range' },
  'SubmitShares.Error': {
    known: { 'invalid-job-id': 'stale-share', 'duplicate-share': 'stale-share' },
    rest: 'difficulty-too-low',
  },
  'SetCustomMiningJob.Error': {
    known: {
      'stale-chain-tip': `${PARAMETER_CODE}prev_hash`,
      'invalid-min-ntime': `${PARAMETER_CODE}min_ntime`,
      'invalid-nbits': `${PARAMETER_CODE}nbits`,
      'invalid-version': `${PARAMETER_CODE}version`,
      'invalid-coinbase-tx': `${PARAMETER_CODE}coinbase_tx_outputs`,
      'invalid-coinbase-tx-version': `${PARAMETER_CODE}coinbase_tx_version`,
      'invalid-coinbase-prefix': `${PARAMETER_CODE}coinbase_prefix`,
      'invalid-coinbase-tx-input-n-sequence': `${PARAMETER_CODE}coinbase_tx_input_nSequence`,
      'invalid-coinbase-tx-outputs': `${PARAMETER_CODE}coinbase_tx_outputs`,
      'invalid-coinbase-tx-locktime': `${PARAMETER_CODE}coinbase_tx_locktime`,
      'invalid-merkle-path': `${PARAMETER_CODE}merkle_path`,
    },
    rest: 'invalid-mining-job-token',
  },
  'RequestTransactionData.Error': { known: {}, rest: 'template-id-not-found' },
}

/** The listed code that comes nearest to `code`: a draft peer gets exactly the draft's codes. */
export function listedCode(message: ListedMessage, code: string): string {
  const listed: readonly string[] = DRAFT_ERROR_CODES[message]
  if (listed.includes(code)) return code
  if (message === 'SetCustomMiningJob.Error' && code.startsWith(PARAMETER_CODE)) return code
  const { known, rest } = TRANSLATIONS[message]
  return Object.hasOwn(known, code) ? known[code]! : (rest ?? code)
}
