/** What an upstream has against a channel. */
export type RefusalCause =
  /** It does not know, or cannot pay, the user. */
  | 'user'
  /** It has not as much extranonce as was asked for. */
  | 'extranonce'
  | 'other'

/** Why an upstream has no channel for us: its own code, and what that is about. */
export interface ChannelRefusal {
  /** As it came, for logs. */
  readonly code: string
  readonly cause: RefusalCause
}

/**
 * Codes by which an upstream says that we want more extranonce than it has. One edition has no word for it and says
 * that the target is out of range, which ours never is.
 */
const EXTRANONCE_CODES = new Set([
  'min-extranonce-size-too-large',
  'unsupported-min-extranonce-size',
  'max-target-out-of-range',
])

/** `unknown-user`, `invalid-user-identity`, and what pools made up in their likeness. */
const USER_CODE = /(^|-)user(-|$)/

/** Reads the code of an OpenMiningChannel.Error, or the reason of a CloseChannel. */
export function channelRefusal(code: string): ChannelRefusal {
  if (EXTRANONCE_CODES.has(code)) return { code, cause: 'extranonce' }
  return { code, cause: USER_CODE.test(code) ? 'user' : 'other' }
}
