import type { TxOutput } from '@sv2/bitcoin'
import type { LinkSettings } from '../../client/link.ts'
import type { TemplateFeedSettings } from '../../client/template-feed.ts'
import type { MinersSettings } from '../../mining/miners/state.ts'

/** A pool with its negotiator server. */
export interface PairSettings {
  /** For logs: host and port of the pool. */
  readonly name: string
  readonly pool: Omit<LinkSettings, 'flags' | 'protocol'>
  readonly server: Omit<LinkSettings, 'flags' | 'protocol'>
  /** Who we are there: `account.worker`. */
  readonly userIdentity: string
  /** Where jobs are committed to: insist on tokens that work before a job is agreed to. */
  readonly asyncMining: boolean
  /** Extensions asked for at the pool. */
  readonly extensions: readonly number[]
}

/** How long is waited before something counts as not given, ms. */
export interface Patience {
  /** For a token, when none is left. */
  readonly tokenMs: number
  /** For the answer to a proposal. */
  readonly proposalMs: number
  /** For the answer to SetCustomMiningJob. */
  readonly customJobMs: number
  /** As long, a pool and we may see different tips. */
  readonly raceMs: number
  /** At the start, before miners are put to work for ourselves. */
  readonly soloAfterMs: number
}

export interface JobClientSettings {
  readonly miners: MinersSettings
  readonly templates: TemplateFeedSettings
  /** In the order in which they are preferred; none: solo. */
  readonly pairs: readonly PairSettings[]
  /** The server is shown the transactions; false: it is told the coinbase alone. */
  readonly fullTemplate: boolean
  /** Output script that is paid when no pool is. */
  readonly payoutScript: Uint8Array
  /** Outputs of our own beside the pool's; their values are taken off the pool's. */
  readonly outputs: readonly TxOutput[]
  /** Text in the coinbase script. */
  readonly coinbaseTag: Uint8Array
  /** Bytes of extranonce that a miner rolls. */
  readonly rollableExtranonceSize: number
  readonly patience: Patience
  /** A pair that had failed is worked for again when it has been well for this long, ms. */
  readonly trustAfterMs: number
  /** Valid shares in a row that a pool may refuse before it is left. */
  readonly refusedShares: number
  /** Everybody gets the present work under a new id when there was none for this long, ms. */
  readonly jobRefreshMs: number
}
