import type { Message } from '@sv2/messages'
import type { Millis } from '../../ground/role.ts'
import type { Distribution } from '../../payouts/distribution.ts'
import type { GrantedToken } from './granted-token.ts'
import type { OfferNews } from './offer-link.ts'
import type { PoolWork } from './own-work.ts'
import type { Pair } from './pair.ts'

/** What a pool with its server has to tell, and what becomes of the job that it was asked to agree to. */
export type PairNews =
  | OfferNews
  /** Nothing that was sent to the pair is answered any more; told before its channel is forgotten. */
  | { readonly kind: 'gone' }
  /** The server is gone, and the pool is not: what the server was asked is not answered any more. */
  | { readonly kind: 'serverGone' }
  | { readonly kind: 'token'; readonly token: GrantedToken }
  /** Jobs for the pool follow another payout distribution from now on. */
  | { readonly kind: 'distribution'; readonly distribution: Distribution }
  /** Something of the pool or of the server, besides what makes the connection. */
  | { readonly kind: 'said'; readonly message: Message }
  /** The pool pays for the work: its shares can go up. */
  | { readonly kind: 'agreed'; readonly work: PoolWork }
  /** The pair can be asked to agree to a job of the newest template. */
  | { readonly kind: 'catchUp' }

/** What the parts of the negotiator client tell it. They call the parts that were made before them, and tell the rest. */
export type ClientNews =
  | (PairNews & { readonly pair: Pair })
  /** Another pair is to be worked for; undefined: none can be. */
  | { readonly kind: 'chosen'; readonly pair: Pair | undefined; readonly reason: string }

/** Hands news to the part that they are for, before it returns. */
export type Tell = (news: ClientNews, now: Millis) => void
