import { type App, liveGauges, openDoors, serveMonitoring, VERSION } from '@sv2/app-kit'
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
    const { registry, scope } = context
    const start = config.mode === 'transparent' ? transparent : aggregating
    const proxy = start(config, VERSION, context)
    const gauge = liveGauges(registry)
    gauge('sv2_clients_total', 'Connected miners', () => proxy.counts().connections)
    gauge('sv2_client_channels', 'Open channels', () => proxy.counts().channels)
    gauge('sv2_server_channels', 'Channels at upstreams', () => proxy.counts().upstreamChannels)
    const monitoring = await serveMonitoring(config.monitoring, {
      registry,
      health: () => ({ ok: proxy.isWell(), ...proxy.counts() }),
    })
    scope.own('monitoring', () => monitoring.close())
    proxy.drainAtEnd()
    const urls = await openDoors(config, proxy.engine, { context, portName: 'miners' })
    proxy.begin()
    return { urls, monitoringPort: monitoring.port, counts: proxy.counts }
  },
}
