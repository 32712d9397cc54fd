/** Codes of refused shares and channels that stand in metrics. */
const KNOWN = new Set([
  'invalid-channel-id',
  'invalid-job-id',
  'invalid-share',
  'not-recorded',
  'stale-share',
  'difficulty-too-low',
  'duplicate-share',
  'bad-extranonce-size',
  'version-rolling-not-allowed',
  'invalid-non-rollable-version-bit',
  'channel-capacity-exhausted',
  'extended-channels-not-supported-for-standard-jobs',
  'invalid-nominal-hashrate',
  'invalid-user-identity',
  'max-target-out-of-range',
  'min-extranonce-size-too-large',
  'standard-channels-not-supported',
  'standard-channels-not-supported-for-custom-work',
  'unknown-user',
  'unsupported-min-extranonce-size',
])

/**
 * The label of a code that an upstream said: a code that we do not know is `other`, so that a peer makes up no labels.
 */
export function shareCodeLabel(code: string): string {
  return KNOWN.has(code) ? code : 'other'
}
