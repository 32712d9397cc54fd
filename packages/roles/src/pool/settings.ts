import type { OpenSolution } from '../client/open-solutions.ts'
import type { TemplateFeedsSettings } from '../client/template-feeds.ts'
import type { TokenMac } from '../custom-jobs/token.ts'
import type { PayoutSettings } from '../mining/identity.ts'
import type { MinersDeps, MinersSettings } from '../mining/miners/state.ts'
import type { CustomWorkSettings } from './custom-work.ts'
import type { PoolRun } from './run.ts'
import type { UsedToken } from './used-tokens.ts'

export interface PoolSettings {
  readonly miners: MinersSettings
  /** False: REQUIRES_FIXED_VERSION, and no job allows version rolling. */
  readonly versionRolling: boolean
  /** Bytes of an extended channel's own extranonce when the client asks for no more. */
  readonly rollableExtranonceSize: number
  /** Bytes of every extranonce, prefix and rolled part together; the same for all nodes of one pool. */
  readonly fullExtranonceSize: number
  /** Undefined: the first run of all. */
  readonly run?: PoolRun | undefined
  readonly templates: TemplateFeedsSettings
  readonly payout: PayoutSettings
  /** Shares that may wait for the journal at one time; undefined: there is none, and shares are acknowledged at once. */
  readonly maxUnrecordedShares?: number | undefined
  /** Text in the coinbase script. */
  readonly coinbaseTag: Uint8Array
  /** Every device gets a new unique job at least this often (POOL-04). */
  readonly jobRefreshMs: number
  /** Jobs that miners bring; undefined: none are taken. */
  readonly customWork?: CustomWorkSettings | undefined
  /** Blocks of an earlier run that are not decided. */
  readonly solutions?: readonly OpenSolution[]
}

/** What the pool is given. */
export interface PoolDeps extends MinersDeps {
  /** Checks tokens of jobs that miners bring; without it none are taken. */
  readonly mac?: TokenMac | undefined
  /** Tokens of such jobs that were used before the start, as `tokenUsed` told of them. */
  readonly usedTokens?: Iterable<UsedToken> | undefined
  /** Other processes of the pool take such jobs too: a token stands for one when the event `tokenTaken` says so. */
  readonly sharesTokens?: boolean | undefined
}
