import { DIALECT_RULES } from './dialects.ts'

/** What a device or a software needs to be treated with, beyond what everyone gets. */
export interface Dialect {
  /** For logs and statistics; of our own words, never the peer's. */
  readonly name: string
  /** The largest coinbase it takes, extranonce included, in bytes. */
  readonly maxCoinbaseBytes: number
  /** The longest line it takes, in bytes. */
  readonly maxLineBytes: number
  /** What to start with when neither port, password nor suggestion says; undefined: no opinion. */
  readonly startDifficulty: number | undefined
  /** Never go below. */
  readonly minDifficulty: number
  /** The extranonce2 it wants when there is room, 4..8 bytes. */
  readonly extranonce2Bytes: number
  /** It takes a new difficulty with the next clean job only. */
  readonly cleanJobsOnDifficultyChange: boolean
  /** It waits for `mining.set_version_mask` after its `mining.configure` was answered. */
  readonly setVersionMaskAfterConfigure: boolean
  /** It shows `client.show_message`; to others it only costs. */
  readonly showMessage: boolean
  /** It wants `set_difficulty` and `notify` directly after `subscribe`, and authorizes later or never. */
  readonly earlyWork: boolean
  /** The device cuts longer user names off, or overflows when it is sent one: advice, no reason to refuse it. */
  readonly maxUserNameLength: number
  /** It takes a silence longer than this for a dead connection. */
  readonly maxSilenceSeconds: number
}

/** Every device that no rule names. */
const UNKNOWN: Dialect = {
  name: 'unknown',
  // stock firmware of Antminers that calls itself bmminer or cgminer has the least room
  maxCoinbaseBytes: 730,
  maxLineBytes: 16_384,
  startDifficulty: undefined,
  minDifficulty: 1,
  extranonce2Bytes: 8,
  cleanJobsOnDifficultyChange: false,
  setVersionMaskAfterConfigure: false,
  showMessage: false,
  earlyWork: false,
  maxUserNameLength: 255,
  maxSilenceSeconds: 60,
}

const DIALECTS: readonly { readonly userAgent: RegExp; readonly dialect: Dialect }[] = DIALECT_RULES.map(
  ({ userAgent, name, needs }) => ({ userAgent, dialect: { ...UNKNOWN, name, ...needs } }),
)

/** The dialect of a miner by what it calls itself in `mining.subscribe`; undefined when it said nothing. */
export function dialectOf(userAgent: string | undefined): Dialect {
  const said = userAgent ?? ''
  return DIALECTS.find((rule) => rule.userAgent.test(said))?.dialect ?? UNKNOWN
}
