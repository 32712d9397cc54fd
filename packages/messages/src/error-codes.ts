/**
 * Error codes in use, per message: those deployed software sends, and of the last published lists what it
 * leaves out (docs/wire.md §5). Peers may send any others; unknown ones are only logged.
 */
export const ERROR_CODES = {
  'SetupConnection.Error': [
    'unsupported-feature-flags',
    'unsupported-protocol',
    'protocol-version-mismatch',
    'missing-declare-tx-data-flag',
  ],
  'OpenMiningChannel.Error': [
    'unknown-user',
    'max-target-out-of-range',
    'standard-channels-not-supported-for-custom-work',
    'extended-channels-not-supported-for-standard-jobs',
    'invalid-user-identity',
    'invalid-nominal-hashrate',
    'min-extranonce-size-too-large',
    'unsupported-min-extranonce-size',
  ],
  'UpdateChannel.Error': ['max-target-out-of-range', 'invalid-channel-id', 'invalid-nominal-hashrate'],
  'SubmitShares.Error': [
    'invalid-channel-id',
    'invalid-share',
    'stale-share',
    'invalid-job-id',
    'difficulty-too-low',
    'duplicate-share',
    'bad-extranonce-size',
    'version-rolling-not-allowed',
    'invalid-non-rollable-version-bit',
  ],
  'SetCustomMiningJob.Error': [
    'jd-not-supported',
    'invalid-channel-id',
    'invalid-mining-job-token',
    'job-not-yet-validated',
    'stale-chain-tip',
    'invalid-min-ntime',
    'invalid-nbits',
    'invalid-version',
    'invalid-coinbase-tx',
    'invalid-coinbase-tx-version',
    'invalid-coinbase-prefix',
    'invalid-coinbase-tx-input-n-sequence',
    'invalid-coinbase-tx-outputs',
    'invalid-coinbase-tx-locktime',
    'invalid-merkle-path',
    'stale-payout-distribution',
    'invalid-payout-distribution',
  ],
  'DeclareMiningJob.Error': [
    'invalid-mining-job-token',
    'missing-txs',
    'invalid-coinbase-tx',
    'invalid-coinbase-tx-input',
    'internal-error',
    'stale-chain-tip',
    'invalid-job',
    'stale-payout-distribution',
    'invalid-payout-distribution',
  ],
  'RequestTransactionData.Error': ['template-id-not-found', 'stale-template-id'],
} as const

/** A message that has a list of error codes. */
export type ErrorMessageType = keyof typeof ERROR_CODES

/** A code of that message's list: `ErrorCode<'SubmitShares.Error'>`. */
export type ErrorCode<T extends ErrorMessageType = ErrorMessageType> = (typeof ERROR_CODES)[T][number]
