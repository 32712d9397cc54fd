import { type AppContext, liveGauges, openDoors, serveMonitoring, sessionLines } from '@sv2/app-kit'
import { V2ToV1, type V2ToV1Effect, type V2ToV1Event } from '@sv2/roles/translator'
import { Engine, fastSha256d } from '@sv2/runtime'
import type { RunningTranslatorProxy } from '../app.ts'
import type { TranslatorProxyConfig } from '../config.ts'
import { createObserver } from './observe.ts'
import { poolLinks } from './pool-links.ts'
import { dialedPool, v2ToV1Settings } from './settings.ts'

/** Starts a translator for Stratum V2 miners at Stratum V1 pools. */
export async function startV2ToV1(
  config: TranslatorProxyConfig,
  context: AppContext,
  version: string,
): Promise<RunningTranslatorProxy> {
  const { log, registry, scope, clock } = context
  const observe = createObserver(log, registry)
  const role = new V2ToV1(v2ToV1Settings(config.v2_to_v1, version), { sha256d: fastSha256d })
  const engine = new Engine<V2ToV1Event, V2ToV1Effect>(role, {
    clock,
    observer: {
      ...sessionLines(log),
      onEffect(effect) {
        if (effect.kind === 'dial' || effect.kind === 'hangUp' || effect.kind === 'redial')
          return links.perform(effect)
        observe.fact(effect)
      },
    },
  })
  const links = poolLinks(
    {
      engine,
      settings: (pool) => dialedPool(config.v2_to_v1, pool),
      onUnreachable: (link) => engine.tell({ kind: 'unreachable', link }),
    },
    {
      clock,
      random: Math.random,
      onFailed: (where, reason, retryMs) =>
        observe.warn({ where, reason, retryMs }, 'pool cannot be reached'),
    },
  )
  scope.own('connections', () => engine.stop('shutting down'))
  scope.own('pools', () => links.close())

  const gauge = liveGauges(registry)
  gauge('sv2_clients_total', 'Connected miners', () => role.counts.connections)
  gauge('sv2_client_channels', 'Open channels', () => role.counts.channels)
  gauge('sv2_translator_pool_connections', 'Connections to V1 pools', () => role.counts.poolConnections)
  const monitoring = await serveMonitoring(config.monitoring, {
    registry,
    health: () => ({ ok: role.hasWork, ...role.counts }),
  })
  scope.own('monitoring', () => monitoring.close())
  // a V1 miner has no business here
  const listen = config.listen.map((door) => ({ ...door, protocol: 'v2' as const }))
  const urls = await openDoors({ ...config, listen }, engine, { context, portName: 'miners' })
  engine.tell({ kind: 'tick' })
  return {
    urls,
    monitoringPort: monitoring.port,
    counts: () => ({ ...role.counts, ...observe.totals() }),
  }
}
