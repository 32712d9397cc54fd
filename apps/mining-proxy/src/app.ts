import { type App, VERSION } from '@sv2/app-kit'
import { aggregating } from './aggregating.ts'
import { configSchema, type MiningProxyConfig } from './config.ts'
import { transparent } from './transparent.ts'

export type { MiningProxyConfig } from './config.ts'

/** What is known of a running proxy. */
export interface RunningMiningProxy {
  /** One URL per door and edition, for miners. */
  readonly urls: readonly string[]
  readonly monitoringPort: number
  /** Live numbers. */
  readonly counts: () => MiningProxyCounts
}

/** Live numbers of a proxy; shares since its start. */
export interface MiningProxyCounts {
  readonly connections: number
  readonly channels: number
  readonly upstreamChannels: number
  /** Sent to upstreams. */
  readonly relayed: number
  /** Acknowledged by them. */
  readonly accepted: number
  /** Refused, here or there. */
  readonly refused: number
}

/** The mining proxy: many miners on few connections to pools. */
export const miningProxy: App<MiningProxyConfig, RunningMiningProxy> = {
  name: 'mining-proxy',
  description: 'Stratum V2 mining proxy',
  schema: configSchema,

  async start(config, context) {
    const start = config.mode === 'transparent' ? transparent : aggregating
    const { started, counts, isWell } = start(config, VERSION, context)
    const monitoringPort = await started.monitor(config.monitoring, {
      gauges: [
        ['sv2_clients_total', 'Connected miners', () => counts().connections],
        ['sv2_client_channels', 'Open channels', () => counts().channels],
        ['sv2_server_channels', 'Channels at upstreams', () => counts().upstreamChannels],
      ],
      health: () => ({ ok: isWell(), ...counts() }),
      api: {
        config: config.api,
        notices: config.notices,
        folders: [config.data_dir],
        role: 'mining-proxy',
        isFarm: true,
      },
    })
    const urls = await started.open(config, { port: { kind: 'miners' } })
    started.engine.tell({ kind: 'tick' })
    return { urls, monitoringPort, counts }
  },
}
