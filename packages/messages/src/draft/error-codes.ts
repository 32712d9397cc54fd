import { encodeText } from '@sv2/codec'

/** The codes the draft lists, per message. docs/wire.md §5. */
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

/**
 * Codes of later lists for which the draft has a name, and those that are too long for it. Any other code goes out as
 * it is: the draft lets implementations have codes of their own, and a code that names another cause misleads.
 */
const TRANSLATIONS: Readonly<Partial<Record<ListedMessage, Readonly<Record<string, string>>>>> = {
  'SetupConnection.Error': { 'missing-declare-tx-data-flag': 'unsupported-feature-flags' },
  'OpenMiningChannel.Error': {
    'invalid-user-identity': 'unknown-user',
    'standard-channels-not-supported-for-custom-work': 'standard-channels-not-supported',
    'extended-channels-not-supported-for-standard-jobs': 'extended-channels-not-supported',
  },
  'SetCustomMiningJob.Error': {
    'job-not-yet-validated': 'invalid-mining-job-token',
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
  'RequestTransactionData.Error': { 'stale-template-id': 'template-id-not-found' },
}

/** Bytes of a code in the draft; only the codes that name a parameter are longer. docs/wire.md O-05. */
const MAX_CODE_BYTES = 32

/** A code as the draft says it: the draft's name for the same cause where it has one, else the code itself. */
export function draftCode(message: ListedMessage, code: string): string {
  const known = TRANSLATIONS[message]
  const said = known !== undefined && Object.hasOwn(known, code) ? known[code]! : code
  if (message === 'SetCustomMiningJob.Error' && said.startsWith(PARAMETER_CODE)) return said
  return shortened(said)
}

/** As many characters of a code or reason as 32 bytes hold: one that is passed on may be longer. */
export function shortened(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_CODE_BYTES))
  while (encodeText(characters.join('')).length > MAX_CODE_BYTES) characters.pop()
  return characters.join('')
}
