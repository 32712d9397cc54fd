import type { SessionId } from '../../ground/role.ts'
import type { MinersFact } from '../../mining/miners/facts.ts'
import type { UpstreamWorkFact } from '../../work/facts.ts'
import type { PoolRequest } from './pool-requests.ts'

/** What the driver has to do about connections to pools. A link is one connection to one pool, made again when lost. */
export type LinkCommand =
  /** Connect it, and keep on trying. `pool` is the pool's place in the settings. */
  | { readonly kind: 'dial'; readonly link: number; readonly pool: number }
  /** Stop trying to connect it. */
  | { readonly kind: 'hangUp'; readonly link: number }
  /** The pool wants us at another address; an empty host or port 0 keep what is there. */
  | {
      readonly kind: 'redial'
      readonly link: number
      readonly host: string
      readonly port: number
      readonly waitMs: number
    }

/** What happened in the translator. */
export type V2ToV1Fact =
  | MinersFact
  /** The pool has subscribed and authorized us, and given work. */
  | { readonly kind: 'poolReady'; readonly pool: number; readonly link: number }
  | {
      readonly kind: 'poolLost'
      readonly pool: number
      readonly link: number
      /** The request it hung up at before it gave any work. */
      readonly unanswered: PoolRequest['kind'] | undefined
    }
  /** It is there, and does not give what is asked of it; its connection is being closed. */
  | {
      readonly kind: 'poolRefused'
      readonly pool: number
      readonly link: number
      readonly reason: string
      /** The pool's own words. */
      readonly detail: string
    }
  /** Work comes from another pool than before. */
  | { readonly kind: 'poolUsed'; readonly pool: number; readonly link: number }
  /** A line that means nothing here. */
  | { readonly kind: 'poolLineIgnored'; readonly pool: number; readonly reason: string }
  /** A job that cannot be mined. */
  | { readonly kind: 'poolJobRefused'; readonly pool: number; readonly reason: string }
  /** Words of the pool's for people. */
  | { readonly kind: 'poolMessage'; readonly pool: number; readonly text: string }
  | {
      readonly kind: 'poolReconnect'
      readonly pool: number
      readonly host: string
      readonly port: number
      readonly followed: boolean
    }
  | { readonly kind: 'poolDifficulty'; readonly pool: number; readonly difficulty: number }
  /** Version bits that the pool lets devices roll. */
  | { readonly kind: 'poolVersionMask'; readonly pool: number; readonly mask: number }
  /** The pool changed the size of extranonce2: all channels that were made for the old one are closed. */
  | { readonly kind: 'extranonceSizeChanged'; readonly pool: number; readonly channels: number }
  | { readonly kind: 'newTip'; readonly prevHash: string; readonly networkDifficulty: number }
  | {
      readonly kind: 'shareSubmitted'
      readonly pool: number
      readonly session: SessionId
      readonly channelId: number
    }
  /** The pool's verdict; undefined when it took the share. */
  | {
      readonly kind: 'shareAnswered'
      readonly pool: number
      readonly session: SessionId
      readonly channelId: number
      readonly code: string | undefined
    }
  /** No verdict came in time, or ever can. */
  | Extract<UpstreamWorkFact, { kind: 'sharesUnanswered' }>
  | {
      readonly kind: 'blockFound'
      readonly pool: number
      readonly session: SessionId
      readonly channelId: number
      readonly user: string
      readonly worker: string
      /** Address and port of the miner; the driver adds it, roles do not know it. */
      readonly remote?: string
      /** Display order, hex. */
      readonly hash: string
    }
