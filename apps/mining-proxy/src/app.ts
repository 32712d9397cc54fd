import { Relay, type RelayEffect, type RelayEvent } from '@sv2/roles/proxy'
import {
  type App,
  dialUpstreams,
  Engine,
  fastSha256d,
  Gauge,
  openDoors,
  serveMonitoring,
  sessionLines,
  systemNoise,
} from '@sv2/runtime'
import { configSchema, type MiningProxyConfig } from './config.ts'
import { createObserver } from './observe.ts'
import { dialedUpstreams, relaySettings } from './settings.ts'

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
  readonly relayed: number
  readonly accepted: number
  readonly refused: number
}

const VERSION = '0.0.0'

/** The mining proxy: many miners on few connections to pools. */
export const miningProxy: App<MiningProxyConfig, RunningMiningProxy> = {
  name: 'mining-proxy',
  description: 'Stratum V2 mining proxy',
  version: VERSION,
  schema: configSchema,

  async start(config, context) {
    const { log, registry, scope, clock } = context
    const observe = createObserver(log, registry)
    const role = new Relay(relaySettings(config, VERSION), { sha256d: fastSha256d })
    const engine = new Engine<RelayEvent, RelayEffect>(role, {
      clock,
      observer: {
        ...sessionLines(log),
        onEffect(effect) {
          if (effect.kind === 'dial' || effect.kind === 'hangUp') return upstreams.perform(effect)
          if (effect.kind !== 'redial') return observe.fact(effect)
          log.info({ upstream: effect.upstream, port: effect.port }, 'upstream sends us elsewhere')
          upstreams.perform(effect)
        },
      },
    })
    scope.own('connections', () => engine.stop('shutting down'))
    const dialed = dialedUpstreams(config)
    // once more for connections with REQUIRES_WORK_SELECTION, as `Relay` numbers them
    const upstreams = dialUpstreams([...dialed, ...dialed], engine, {
      noise: systemNoise,
      clock,
      random: Math.random,
      onFailed: (where, reason, retryMs) =>
        log.warn({ where, reason, retryMs }, 'upstream cannot be reached'),
    })
    scope.own('upstreams', () => upstreams.close())

    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(value())
        },
      })
    }
    gauge('sv2_clients_total', 'Connected miners', () => role.counts.connections)
    gauge('sv2_client_channels', 'Open channels', () => role.counts.channels)
    gauge('sv2_server_channels', 'Channels at upstreams', () => role.counts.upstreamChannels)
    const monitoring = await serveMonitoring(config.monitoring, {
      registry,
      health: () => ({ ok: role.isWell, ...role.counts }),
    })
    scope.own('monitoring', () => monitoring.close())
    const urls = await openDoors(config, engine, { context, portName: 'miners' })
    engine.tell({ kind: 'tick' })
    return {
      urls,
      monitoringPort: monitoring.port,
      counts: () => ({ ...role.counts, ...observe.totals() }),
    }
  },
}
