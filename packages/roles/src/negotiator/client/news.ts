import type { Message } from '@sv2/messages'
import type { Millis } from '../../ground/role.ts'
import type { GrantedToken } from './granted-token.ts'
import type { PoolWork } from './own-work.ts'
import type { Pair } from './pair.ts'

/** What the connection on which a pool gives jobs of its own has to tell. */
export type OfferNews =
  /** The pool offers another job, or none any more. */
  | { readonly kind: 'offered' }
  /** Something else on the channel of those jobs. */
  | { readonly kind: 'saidOfOffers'; readonly message: Message }
  /** Nothing that was sent on that channel is answered any more; told before the channel is forgotten. */
  | { readonly kind: 'offersGone' }

/** What a pool with its server has to tell, and what becomes of the job that it was asked to agree to. */
export type PairNews =
  | OfferNews
  /** Nothing that was sent to the pair is answered any more; told before its channel is forgotten. */
  | { readonly kind: 'gone' }
  /** The server is gone, and the pool is not: what the server was asked is not answered any more. */
  | { readonly kind: 'serverGone' }
  | { readonly kind: 'token'; readonly token: GrantedToken }
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
export type Tell<News = ClientNews> = (news: News, now: Millis) => void
