import type { PushSolution } from '@sv2/messages'
import type { TemplateFact } from '../client/template-feed.ts'
import type { TemplatesFact } from '../client/template-feeds.ts'
import type { MinersFact } from '../mining/miners/facts.ts'
import type { UsedToken } from './used-tokens.ts'

/** What happened in the pool. */
export type PoolFact =
  /** The template provider was away for too long: so many connections were sent elsewhere. */
  | { readonly kind: 'workTooOld'; readonly connections: number }
  /** All payouts of a solo pool are taken, and this one (its script in hex) made room for another client's. */
  | { readonly kind: 'payoutGivenUp'; readonly payout: string }
  /** Jobs follow another distribution from now on. */
  | {
      readonly kind: 'distributionTaken'
      readonly id: bigint
      /** Miners that it lists. */
      readonly payouts: number
      readonly voids: boolean
    }
  /** The template provider was asked for another room: bytes and signature operations of our outputs. */
  | { readonly kind: 'roomAsked'; readonly outputSize: number; readonly outputSigops: number }
  | MinersFact
  | TemplateFact
  | TemplatesFact
  | {
      readonly kind: 'blockFound'
      readonly session: number
      readonly channelId: number
      readonly user: string
      readonly worker: string
      /** Address and port of the miner; the driver adds it, roles do not know it. */
      readonly remote?: string
      /** Display order, hex. */
      readonly hash: string
      /** Undefined for a job that the miner brought. */
      readonly templateId: bigint | undefined
    }
  /** A miner's token stands for a job from now on; it is to be kept before the answers that follow are sent. */
  | { readonly kind: 'tokenUsed'; readonly token: UsedToken }
  /** A block on a job that was not checked: whether it is part of the chain. */
  | { readonly kind: 'uncheckedBlock'; readonly user: string; readonly isProven: boolean }
  | { readonly kind: 'newTip'; readonly prevHash: string; readonly networkDifficulty: number }
  /** A block on a miner's own job, and how many negotiator servers were told at once. */
  | { readonly kind: 'solutionPushed'; readonly negotiators: number; readonly solution: PushSolution }
  | { readonly kind: 'negotiatorConnected'; readonly session: number; readonly negotiator: number }
  | { readonly kind: 'negotiatorLost'; readonly session: number; readonly negotiator: number }
  | {
      readonly kind: 'negotiatorRefused'
      readonly session: number
      readonly negotiator: number
      readonly code: string
    }
  | {
      readonly kind: 'prefixNotRenewed'
      readonly session: number
      readonly channelId: number
      readonly reason: string
    }
