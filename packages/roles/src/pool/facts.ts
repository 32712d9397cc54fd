import type { MinersFact } from '../miners/facts.ts'
import type { TemplateFact } from '../template-feed.ts'

/** What happened in the pool. */
export type PoolFact =
  | MinersFact
  | TemplateFact
  | {
      readonly kind: 'blockFound'
      readonly session: number
      readonly channelId: number
      readonly user: string
      /** Display order, hex. */
      readonly hash: string
      readonly templateId: bigint
    }
  | { readonly kind: 'newTip'; readonly prevHash: string; readonly networkDifficulty: number }
  | {
      readonly kind: 'prefixNotRenewed'
      readonly session: number
      readonly channelId: number
      readonly reason: string
    }
