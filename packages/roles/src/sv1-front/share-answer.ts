import { type ErrorTriple, SV1_ERRORS, type Sv1ErrorNumber } from '@sv2/sv1'
import type { V1ShareRefusal } from './facts.ts'

/** What a miner is told about a refused share: the code, and words that say more than the code. */
export const SHARE_ANSWERS: Readonly<
  Record<V1ShareRefusal, { readonly code: Sv1ErrorNumber; readonly error: ErrorTriple }>
> = {
  'stale-share': answer(21, 'Stale share'),
  'invalid-job-id': answer(21),
  'duplicate-share': answer(22),
  'difficulty-too-low': answer(23),
  'bad-extranonce-size': answer(20, 'Invalid extranonce2 size'),
  'version-rolling-not-allowed': answer(20, 'Version rolling is not allowed'),
  'invalid-non-rollable-version-bit': answer(20, 'Invalid version bits'),
  'version-bits-outside-mask': answer(20, 'Version bits outside of the granted mask'),
  'invalid-share': answer(20, 'Invalid share'),
  'not-recorded': answer(20, 'Not recorded'),
  'invalid-channel-id': answer(21),
  'unauthorized-worker': answer(24),
  'not-subscribed': answer(25),
  'too-many-shares': answer(20, 'Too many shares a second, the difficulty is being raised'),
  malformed: answer(20, 'Malformed share'),
}

function answer(code: Sv1ErrorNumber, text?: string): { code: Sv1ErrorNumber; error: ErrorTriple } {
  return { code, error: text === undefined ? SV1_ERRORS[code] : [code, text, null] }
}
