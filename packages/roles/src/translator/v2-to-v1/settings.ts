import type { MinersSettings } from '../../mining/miners/state.ts'

/** One Stratum V1 pool. */
export interface V1PoolSettings {
  /** As dialed: what a `client.reconnect` is held against. */
  readonly host: string
  readonly port: number
  /**
   * Who we are there. Where every channel has a connection of its own, a template: see `fillIdentity`.
   */
  readonly user: string
  readonly password: string
  /** False: `mining.configure` is not sent, and no device may roll the version. */
  readonly versionRolling: boolean
  /** False: `mining.extranonce.subscribe` is not sent. */
  readonly extranonceSubscribe: boolean
}

export interface V2ToV1Settings {
  /** The lease stands at the front of extranonce2; there is no server id. */
  readonly miners: MinersSettings
  /** Best first; the next one is used while those before it do not answer. */
  readonly pools: readonly V1PoolSettings[]
  /** A pool that had failed is preferred again when it has given work for this long. */
  readonly returnAfterMs: number
  /** One pool connection for all channels, or one for each. */
  readonly aggregate: boolean
  /** Pool connections at one time, where each channel has its own. */
  readonly maxPoolConnections: number
  /** Name and version, as pools are told. */
  readonly userAgent: string
  /** Where a pool's `client.reconnect` may lead. */
  readonly followReconnect: 'never' | 'same-domain' | 'anywhere'
}
