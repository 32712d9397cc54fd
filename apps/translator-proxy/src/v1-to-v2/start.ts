import {
  type AppContext,
  dialUpstreams,
  drainAtEnd,
  liveGauges,
  openDoors,
  serveMonitoring,
  sessionLines,
} from '@sv2/app-kit'
import { V1ToV2, type V1ToV2Effect, type V1ToV2Event } from '@sv2/roles/translator'
import { Engine, fastSha256d, randomBytes, systemNoise } from '@sv2/runtime'
import type { RunningTranslatorProxy } from '../app.ts'
import type { TranslatorProxyConfig } from '../config.ts'
import { createObserver } from './observe.ts'
import { dialedUpstreams, sharedPayouts, v1ToV2Settings } from './settings.ts'

/** Starts a translator for Stratum V1 miners at Stratum V2 pools. */
export async function startV1ToV2(
  config: TranslatorProxyConfig,
  context: AppContext,
  version: string,
): Promise<RunningTranslatorProxy> {
  const { log, registry, scope, clock } = context
  const observe = createObserver(log, registry)
  const settings = v1ToV2Settings(config.v1_to_v2, {
    network: config.network,
    version,
    doors: config.listen.length,
  })
  const role = new V1ToV2(settings, { sha256d: fastSha256d, randomBytes })
  const engine = new Engine<V1ToV2Event, V1ToV2Effect>(role, {
    clock,
    observer: {
      ...sessionLines(log),
      onEffect(effect) {
        if (effect.kind === 'dial' || effect.kind === 'hangUp' || effect.kind === 'redial')
          return upstreams.perform(effect)
        observe.fact(effect)
      },
    },
  })
  const paid = sharedPayouts(config.v1_to_v2, config.network)?.map(({ address }) => address) ?? []
  if (paid.length > 0)
    log.warn(
      { paid, identityIsAddress: config.v1_to_v2.identity_is_address },
      'with aggregate_channels blocks of all miners pay these addresses, whatever their user names say',
    )
  scope.own('connections', () => engine.stop('shutting down'))
  const upstreams = dialUpstreams(dialedUpstreams(config.v1_to_v2), engine, {
    noise: systemNoise,
    clock,
    random: Math.random,
    onFailed: (where, reason, retryMs) =>
      observe.warn({ where, reason, retryMs }, 'upstream cannot be reached'),
  })
  scope.own('upstreams', () => upstreams.close())
  drainAtEnd(scope, engine)

  const gauge = liveGauges(registry)
  gauge('sv1_clients_total', 'V1 miners at work', () => role.counts.v1Miners)
  gauge('sv1_hashrate_total', 'Hash rate of V1 miners by their shares, H/s', () => role.counts.v1Hashrate)
  gauge('sv2_clients_total', 'Connected miners, of both versions', () => role.counts.connections)
  gauge('sv2_client_channels', 'Open channels, of miners of both versions', () => role.counts.channels)
  gauge('sv2_server_channels', 'Channels at upstreams', () => role.counts.upstreamChannels)
  const monitoring = await serveMonitoring(config.monitoring, {
    registry,
    health: () => ({ ok: role.hasWork, ...role.counts }),
  })
  scope.own('monitoring', () => monitoring.close())
  const urls = await openDoors(config, engine, {
    context,
    portName: 'miners',
    v1PortName: (door) => `v1 ${door}`,
  })
  return {
    urls,
    monitoringPort: monitoring.port,
    counts: () => {
      const { sent: submitted, acknowledged, accepted, refused } = observe.totals()
      return { ...role.counts, accepted, refused, submitted, acknowledged }
    },
  }
}
