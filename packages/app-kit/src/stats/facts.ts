import type { MinersFact } from '@sv2/roles'
import type { RelayFact } from '@sv2/roles/relay'
import type { V1Fact } from '@sv2/roles/sv1-front'
import type { V2ToV1Effect } from '@sv2/roles/translator'
import type { UpstreamFact, UpstreamWorkFact } from '@sv2/roles/work'

/** Facts that statistics are made of, whatever the role; others are passed over. */
export type CountedFact =
  | MinersFact
  | V1Fact
  | RelayFact
  | UpstreamFact
  | UpstreamWorkFact
  | Extract<
      V2ToV1Effect,
      {
        readonly kind:
          | 'poolReady'
          | 'poolLost'
          | 'poolRefused'
          | 'poolUsed'
          | 'shareSubmitted'
          | 'shareAnswered'
          | 'newTip'
      }
    >
  | {
      readonly kind: 'blockFound'
      readonly session: number
      readonly channelId: number
      /** Display order, hex. */
      readonly hash: string
    }
  /** Shares of one channel that were accepted in another process, counted there. */
  | {
      readonly kind: 'sharesCounted'
      readonly session: number
      readonly channelId: number
      /** Named by the shares themselves. */
      readonly worker: string | undefined
      /** Sum of their difficulties, how many they are, and the best of their hashes. */
      readonly difficulty: number
      readonly count: number
      readonly best: number
    }
  /** The pool that the negotiator client works for; undefined: for ourselves. */
  | { readonly kind: 'workFrom'; readonly place: number | undefined; readonly name: string }
  | {
      readonly kind: 'pairChanged'
      readonly place: number
      readonly name: string
      readonly to: string
      readonly reason: string
    }
